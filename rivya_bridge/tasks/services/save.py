"""Bringing the results home: downloaded, hashed and synced before the task succeeds."""

import tempfile
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rivya_bridge.connection import current_connection, downloader, rivya_client
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.room import RoomKeeper, require_room
from rivya_bridge.files.services import store_result
from rivya_bridge.refusals import Refusal
from rivya_bridge.rivya import DownloadFailed, DownloadRefused, RivyaError
from rivya_bridge.tasks import gates, policy
from rivya_bridge.tasks.models import Task, TaskOutput, counted
from rivya_bridge.tasks.services.finish import finish
from rivya_bridge.tasks.services.poll import is_at_home
from rivya_bridge.tasks.services.remote_state import write_output_urls
from rivya_bridge.tasks.services.transitions import add_event, change, hold, let_go, renew, soon


def save(task: Task) -> None:
    """One claimed step of a saving task: fetches what is missing, then finishes."""
    if not is_at_home(task):
        return
    outputs = list(task.outputs.all())
    if not outputs:
        _find_results(task)
        return
    for output in outputs:
        if output.file_id is None and not _fetch(task, output):
            return
    finish(task, "succeeded", "", f"{counted(len(outputs), 'result')} saved.")


def _find_results(task: Task) -> None:
    """It succeeded and named no result: asks again a few times, then holds it."""
    text = "Rivya says that it succeeded, but named no result."
    text += _renew_addresses(task)
    if task.outputs.exists():
        let_go(task, timezone.now())
        return
    _come_back_or_hold(task, "no_result", text, limit=policy.MAX_FRESH_ADDRESSES)


def _fetch(task: Task, output: TaskOutput) -> bool:
    """Downloads one result into the vault; False when it has to be tried later, or is held."""
    try:
        file = _download(task, output)
    except DownloadFailed as error:
        _after_failed_download(task, output, error)
        return False
    except (DownloadRefused, Refusal) as error:
        text = f"Result {output.position + 1} was not taken: {error}"
        hold(task, "result_refused", text)
        return False
    except OSError as error:
        text = (
            f"Result {output.position + 1} could not be written to the data folder "
            f"({error.strerror or error})."
        )
        hold(task, "data_folder", text)
        return False
    with transaction.atomic():
        change(task, downloads=0)
        TaskOutput.objects.filter(pk=output.pk).update(file=file)
        add_event(task, "saved", f"Result {output.position + 1} saved: {file.name}.")
    return True


def _download(task: Task, output: TaskOutput) -> StoredFile:
    folder = settings.FILES_DIR
    folder.mkdir(parents=True, exist_ok=True)
    require_room()
    renew(task, timezone.now())
    with tempfile.TemporaryFile(dir=folder) as bytes_file:
        _fetch_bytes(task, output.url, bytes_file)
        bytes_file.seek(0)
        renew(task, timezone.now())
        return store_result(bytes_file, name=_name(task, output))


def _fetch_bytes(task: Task, url: str, bytes_file: IO[bytes]) -> None:
    with downloader() as client:
        client.fetch(url, bytes_file, on_progress=_keeper(task))  # type: ignore[arg-type]


def _keeper(task: Task) -> Callable[[int], None]:
    """Renews the lease and minds the room while bytes arrive; what it raises ends the download."""
    keep_room = RoomKeeper()

    def keep(size: int) -> None:
        renew(task, timezone.now())
        keep_room(size)

    return keep


def _name(task: Task, output: TaskOutput) -> str:
    suffix = PurePosixPath(unquote(urlsplit(output.url).path)).suffix[:8]
    return f"{task.model_id}-{str(task.pk)[-6:]}-{output.position + 1}{suffix}"


def _after_failed_download(task: Task, output: TaskOutput, error: DownloadFailed) -> None:
    """An address that is gone may have expired: a fresh one is asked for. Others are tried again."""
    text = f"Result {output.position + 1} could not be downloaded: {error}"
    limit = policy.MAX_DOWNLOAD_TRIES
    if not error.retryable:
        limit = policy.MAX_FRESH_ADDRESSES + 1
        if task.downloads + 1 < limit:
            text += _renew_addresses(task)
    _come_back_or_hold(task, "results_unavailable", text, limit=limit)


def _come_back_or_hold(task: Task, reason: str, text: str, *, limit: int) -> None:
    tries = task.downloads + 1
    if tries >= limit:
        hold(task, reason, text, downloads=0)
        return
    with transaction.atomic():
        let_go(task, soon(policy.backoff(tries)), downloads=tries)
        add_event(task, "download_failed", text, tries=tries)


def _renew_addresses(task: Task) -> str:
    """Asks Rivya for the results once more and keeps the addresses; returns a sentence if it failed."""
    account = current_connection().account
    if not gates.pass_gates(account, timezone.now()).may_go:
        return " Its address is not renewed now, because requests have to wait."
    renew(task, timezone.now())
    try:
        generation = rivya_client().generations.retrieve(task.remote_id or "", max_retries=0)
    except RivyaError as failure:
        gates.heed(account, failure)
        return f" Its address could not be renewed: {failure}"
    gates.note_answer(account)
    if generation.id == task.remote_id:
        write_output_urls(task, generation.urls)
    return ""
