"""Cases of a rehearsal as rows for people, and what is proposed when it did not pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rivya_bridge.rehearsal.models import Rehearsal, RehearsalCase, Verdict
from rivya_bridge.rehearsal.results import result_of_case, result_of_job

REASON_LENGTH = 1_000


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case with the first file, or the text, of both sides. `meter` is its distance from 0 to 100,
    `mark` its tolerance likewise."""

    case: RehearsalCase
    inputs: str
    accepted: Any
    accepted_text: str
    result: Any
    result_text: str
    credits: int | None
    meter: float | None
    mark: float


def case_line(case: RehearsalCase, inputs: str = "") -> CaseLine:
    """No query when the case comes from `case_rows`."""
    accepted = result_of_case(case.golden)
    result = result_of_job(case.job) if case.job else None
    return CaseLine(
        case=case,
        inputs=inputs,
        accepted=accepted.files[0] if accepted.files else None,
        accepted_text=accepted.text,
        result=result.files[0] if result and result.files else None,
        result_text=result.text if result else "",
        credits=case.job.task.final_credits if case.job else None,
        meter=None if case.distance is None else round(100 * case.distance, 1),
        mark=round(100 * case.tolerance, 1),
    )


def proposal_of(rehearsal: Rehearsal, lines: Sequence[CaseLine]) -> str:
    """The reason that is proposed for sending the template back; "" where nothing speaks for it."""
    if rehearsal.verdict not in (Verdict.DIFFERS, Verdict.FAILED):
        return ""
    bad = [line.case for line in lines if not line.case.stands]
    kind = "drift check" if rehearsal.is_drift else "rehearsal"
    said = " ".join(f"{case.golden.name}: {case.reason}" for case in bad)
    text = (
        f"{len(bad)} of {len(lines)} golden cases of version {rehearsal.version.number} did not pass "
        f"the {kind} of {rehearsal.created_at:%Y-%m-%d}. {said}"
    )
    return text if len(text) <= REASON_LENGTH else f"{text[: REASON_LENGTH - 1]}…"
