"""The dry run of a sweep: every cell under every rule, the sum against caps and balance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rivya_bridge.catalog.params import check_request, estimate_credits
from rivya_bridge.catalog.selectors import get_model, models_by_ids
from rivya_bridge.connection import current_connection
from rivya_bridge.credits.caps import room_today, spending_caps
from rivya_bridge.credits.selectors import current_wallet
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.selectors import get_files
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.rivya import Model
from rivya_bridge.sweeps.expansion import Axis, Cell, expand
from rivya_bridge.sweeps.plans import Plan
from rivya_bridge.web.templatetags.bridge import credits

MOST_SHOWN = 20
NOUNS = {"models": "models", "prompts": "prompts", "files": "reference files"}


@dataclass(frozen=True, slots=True)
class CheckedCell:
    """A cell with what its model's rules say of it."""

    cell: Cell
    estimate: int
    problems: tuple[Problem, ...] = ()

    @property
    def reason(self) -> str:
        """Why it is or would be left out; '' for one that runs."""
        return self.cell.skipped or " ".join(problem.message for problem in self.problems)


@dataclass(frozen=True, slots=True)
class SweepCheck:
    """What a sweep would do. `blockers` forbid its start; nothing was created or spent."""

    plan: Plan
    axes: tuple[Axis, ...]
    cells: tuple[CheckedCell, ...]
    notes: tuple[str, ...]
    blockers: tuple[Problem, ...]
    files: Mapping[str, StoredFile]

    @property
    def valid(self) -> list[CheckedCell]:
        return [cell for cell in self.cells if not cell.reason]

    @property
    def invalid(self) -> list[CheckedCell]:
        """Cells that no rule leaves out and that their model would refuse."""
        return [cell for cell in self.cells if cell.problems]

    @property
    def skipped(self) -> list[CheckedCell]:
        return [cell for cell in self.cells if cell.cell.skipped]

    @property
    def run_count(self) -> int:
        return len(self.valid) * self.plan.repeats

    @property
    def estimate(self) -> int:
        return sum(cell.estimate for cell in self.valid) * self.plan.repeats

    @property
    def price(self) -> str:
        """Such as "64 runs ≈ 224 credits"; '' where nothing can run."""
        if not self.valid:
            return ""
        return f"{_count(self.run_count, 'run')} ≈ {_count(self.estimate, 'credit')}"

    @property
    def words(self) -> str:
        """Such as "4 models, 8 prompts, with and without references"."""
        parts = [_axis_words(axis) for axis in self.axes]
        if self.plan.repeats > 1:
            parts.append(f"{self.plan.repeats} times")
        return ", ".join(parts) or "One configuration"

    def name_of(self, cell: Cell) -> str:
        """'FLUX.2 Pro · 16:9', or the number of the only cell."""
        places = zip(self.axes, cell.place, strict=True)
        return " · ".join(axis.values[place] for axis, place in places) or "the only cell"

    def invalid_shown(self) -> list[tuple[str, str]]:
        """(cell, sentence) of the first invalid cells."""
        return [(self.name_of(one.cell), one.reason) for one in self.invalid[:MOST_SHOWN]]


def _count(number: int, noun: str) -> str:
    return f"{credits(number)} {noun}{'' if number == 1 else 's'}"


def _axis_words(axis: Axis) -> str:
    if axis.key == "references":
        return "with and without references"
    return f"{len(axis.values)} {NOUNS.get(axis.key, f'of {axis.label}')}"


def check_sweep(plan: Plan, *, leave_out: bool = False) -> SweepCheck:
    """Expands and checks a plan; creates and spends nothing.

    `leave_out` accepts that cells which a model would refuse are left out. Raises Refusal for a plan
    that makes no grid.
    """
    models = models_by_ids(plan.models)
    for model_id in plan.models:
        if model_id not in models:
            get_model(model_id, field="models")
    files = {str(file.pk): file for file in get_files(plan.references)}
    plan = replace(plan, references=tuple(files))
    grid = expand(plan, models, files)
    cells = tuple(_check_cell(cell, files) for cell in grid.cells)
    check = SweepCheck(plan, grid.axes, cells, grid.left_out, (), files)
    return replace(check, blockers=tuple(_blockers(check, leave_out)))


def _check_cell(cell: Cell, files: Mapping[str, StoredFile]) -> CheckedCell:
    estimate = estimate_credits(cell.model, cell.params)
    if cell.skipped:
        return CheckedCell(cell, estimate)
    problems = check_request(
        cell.model,
        prompt=cell.prompt,
        params=cell.params,
        references=[files[key] for key in cell.references],
    )
    return CheckedCell(cell, estimate, tuple(problems))


def _blockers(check: SweepCheck, leave_out: bool) -> list[Problem]:
    """Everything that forbids the start."""
    invalid = check.invalid
    if not check.valid:
        first = invalid[0].reason if invalid else ""
        return [Problem("cells", f"No cell can run: {first}")]
    if invalid and not leave_out:
        text = (
            f"{len(invalid)} of {len(check.cells)} cells would be refused by their model, such as "
            f"{check.name_of(invalid[0].cell)}: {invalid[0].reason} Change the values, or start "
            "without these cells."
        )
        return [Problem("cells", text, len(invalid))]
    return money_problems(check.valid, check.plan)


def money_problems(cells: Sequence[CheckedCell], plan: Plan) -> list[Problem]:
    """What caps and balance do not cover, and how far they reach."""
    estimate = sum(cell.estimate for cell in cells) * plan.repeats
    caps = spending_caps()
    problems = []
    dearest = max(cells, key=lambda cell: cell.estimate)
    if caps.run_cap is not None and dearest.estimate > caps.run_cap:
        model: Model = dearest.cell.model
        text = (
            f"A run of {model.display_name} takes about {dearest.estimate:,} credits, above the cap "
            f"of {caps.run_cap:,} for one run: raise it on the credits page, or leave the model out."
        )
        problems.append(Problem("run_cap", text, caps.run_cap))
    wallet = current_wallet()
    rooms = (
        ("credit_cap", plan.credit_cap, "the sweep's cap", "Raise the cap"),
        ("day_cap", _day_room(), "what is left of today's cap", "Raise it on the credits page"),
        ("credits", wallet.free_credits if wallet else None, "the wallet", "Top up at Rivya"),
    )
    for name, room, where, step in rooms:
        if room is not None and estimate > room:
            covered = _covered(cells, plan.repeats, room)
            text = (
                f"About {estimate:,} credits are expected and {where} has {max(0, room):,}: that "
                f"covers {covered} of {len(cells) * plan.repeats} runs. {step}, or take values away."
            )
            problems.append(Problem(name, text, max(0, room)))
    return problems


def _day_room() -> int | None:
    return room_today(current_connection().account)


def _covered(cells: Sequence[CheckedCell], repeats: int, room: int) -> int:
    """How many runs, in their order, the room is enough for."""
    count = 0
    for cell in cells:
        for _ in range(repeats):
            room -= cell.estimate
            if room < 0:
                return count
            count += 1
    return count


def refuse_blocked(check: SweepCheck) -> None:
    """Raises Refusal with every blocker."""
    if check.blockers:
        raise Refusal.of(check.blockers)
