"""Bringing the results home: downloaded, hashed and synced before the task succeeds."""

import tempfile
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rivya_bridge.connection import downloader, rivya_client
from rivya_bridge.files.services import store_result
from rivya_bridge.refusals import Refusal
from rivya_bridge.rivya import DownloadFailed, DownloadRefused, RivyaError
from rivya_bridge.tasks import policy
from rivya_bridge.tasks.models import Task, TaskOutput
from rivya_bridge.tasks.services.remote_state import finish, write_output_urls
from rivya_bridge.tasks.services.transitions import add_event, hold, let_go, renew, soon

MAX_DOWNLOAD_TRIES = 8
RENEW_BYTES = 4 * 1024 * 1024


def save(task: Task) -> None:
    """One claimed step of a saving task: fetches what is missing, then finishes."""
    outputs = list(task.outputs.all())
    if not outputs:
        hold(
            task,
            "no_result",
            f"Rivya says that it succeeded, but named no result. {task.spent_text} Continue to ask "
            "again.",
        )
        return
    for output in outputs:
        if output.file_id is None and not _fetch(task, output):
            return
    count = len(outputs)
    finish(task, "succeeded", "", f"{count} result(s) saved.")


def _fetch(task: Task, output: TaskOutput) -> bool:
    """Downloads one result into the vault; False when it has to be tried later, or is held."""
    renew(task, timezone.now())
    renewed_at = 0

    def keep_lease(size: int) -> None:
        nonlocal renewed_at
        if size - renewed_at >= RENEW_BYTES:
            renewed_at = size
            renew(task, timezone.now())

    folder = settings.FILES_DIR
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as bytes_file:
        try:
            with downloader() as client:
                client.fetch(output.url, bytes_file, on_progress=keep_lease)
            bytes_file.seek(0)
            file = store_result(bytes_file, name=_name(task, output))
        except DownloadFailed as error:
            _try_later(task, output, error)
            return False
        except (DownloadRefused, Refusal) as error:
            text = f"Result {output.position + 1} was not taken: {error} {task.spent_text}"
            hold(task, "result_refused", text)
            return False
    with transaction.atomic():
        renew(task, timezone.now())
        TaskOutput.objects.filter(pk=output.pk).update(file=file)
        add_event(task, "saved", f"Result {output.position + 1} saved: {file.name}.")
    return True


def _name(task: Task, output: TaskOutput) -> str:
    suffix = PurePosixPath(unquote(urlsplit(output.url).path)).suffix[:8]
    return f"{task.model_id}-{str(task.pk)[-6:]}-{output.position + 1}{suffix}"


def _try_later(task: Task, output: TaskOutput, error: DownloadFailed) -> None:
    """Asks for a fresh address, because addresses may expire, and comes back."""
    tries = task.downloads + 1
    text = f"Result {output.position + 1} could not be downloaded: {error}"
    if tries >= MAX_DOWNLOAD_TRIES:
        hold(
            task,
            "results_unavailable",
            f"{text} {task.spent_text} Continue to try again with fresh addresses.",
            downloads=0,
        )
        return
    try:
        generation = rivya_client().generations.retrieve(task.remote_id or "", max_retries=0)
    except RivyaError as failure:
        text += f" Its address could not be renewed: {failure}"
    else:
        write_output_urls(task, generation.urls)
    with transaction.atomic():
        let_go(task, soon(policy.backoff(tries)), downloads=tries)
        add_event(task, "download_failed", text, tries=tries)
