"""A turn whose stream broke off: its session is read again, because Rivya may have finished it."""

from dataclasses import dataclass

from django.utils import timezone

from rivya_bridge.connection import rivya_client
from rivya_bridge.rivya import ChatSession, RivyaError
from rivya_bridge.tasks import gates
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.transitions import renew


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of the answer. `note`: what reading the session again has shown."""

    text: str
    is_whole: bool
    note: str


def read_again(task: Task, session_id: str | None, arrived: str) -> Found:
    """One GET of the session, which spends nothing; `arrived` stands where it tells nothing more."""
    if not session_id:
        return Found(arrived, is_whole=False, note="Rivya had not named its session yet.")
    renew(task, timezone.now())
    try:
        session = rivya_client().chat.sessions.retrieve(session_id)
    except RivyaError as error:
        gates.heed(task.account, error)
        return Found(arrived, is_whole=False, note=f"Its session could not be read: {error}")
    whole = _answer_in(session, arrived)
    if whole is None:
        return Found(arrived, is_whole=False, note="Its session does not hold the answer (yet).")
    return Found(
        whole, is_whole=True, note="Its session holds the whole answer, which stands here."
    )


def _answer_in(session: ChatSession, arrived: str) -> str | None:
    """The session's last message, if it is an answer that begins with what arrived."""
    last = session.messages[-1] if session.messages else None
    if last is None or last.role != "assistant" or not last.content.startswith(arrived):
        return None
    return last.content
