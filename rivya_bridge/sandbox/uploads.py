"""Receiving one file: size held while streaming, then content, then record."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from python_multipart.exceptions import MultipartParseError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from .bodies import limited_stream
from .catalogue import Model, accepted_kinds, default_limit, limit_for
from .checks import check_label
from .choices import DEFAULT_SIZE_MB, MEGABYTE
from .context import Sandbox
from .durations import duration_token
from .errors import invalid
from .identifiers import new_id
from .lifecycle import milliseconds
from .magic import EXTENSIONS
from .store import StoredFile

if TYPE_CHECKING:
    from .probing import Probe

FIELDS = frozenset({"file", "kind", "model", "client_request_id"})


async def receive_form(request: Request, sandbox: Sandbox) -> FormData:
    """The multipart form; never more bytes than the largest file of any model.

    The caller closes the form. Raises ApiError validation_failed.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise invalid("Send the file with Content-Type: multipart/form-data.")
    choices = sandbox.choices
    most = largest_upload(sandbox.catalogue)
    stream = limited_stream(
        request,
        most + choices.upload_overhead_bytes,
        choices.discarded_upload_bytes,
        invalid(f"file is larger than {most // MEGABYTE} MB, the most that any model takes."),
    )
    try:
        return await MultiPartParser(request.headers, stream, max_files=1, max_fields=8).parse()
    except (MultiPartException, MultipartParseError, KeyError, UnicodeError, LookupError):
        raise invalid("The multipart body can't be read.") from None


def largest_upload(catalogue: dict[str, Model]) -> int:
    """Bytes of the largest file that any model takes."""
    sizes = [
        limit["max_size_mb"]
        for model in catalogue.values()
        for limit in (model["reference_media"] or {}).get("limits", [])
    ]
    return int(max(*sizes, *DEFAULT_SIZE_MB.values()) * MEGABYTE)


def keep_upload(sandbox: Sandbox, form: FormData, account: str) -> StoredFile:
    """Check the form and store the file; raises ApiError and keeps nothing on a refusal."""
    from .probing import probe  # It loads the codecs, which the start need not wait for.

    upload, kind, model = _checked_form(form, sandbox.catalogue)
    label = check_label(form.get("client_request_id"), sandbox.choices)
    limit = limit_for(model, kind) if model else default_limit(kind)
    size = upload.size or 0
    _check_size(size, limit)
    file_id = new_id("file")
    unfinished = sandbox.store.uploads / f"{file_id}.part"
    try:
        digest = _copy(upload, unfinished)
        found = probe(unfinished, kind)
        _check_mime(found.mime_type, limit)
        record = StoredFile(
            id=file_id,
            kind=kind,
            name=_clean_name(upload.filename),
            mime_type=found.mime_type,
            extension=EXTENSIONS[found.mime_type],
            size_bytes=size,
            sha256=digest,
            duration_seconds=found.duration_seconds,
            duration_token=_token(sandbox, file_id, found),
            model=model["id"] if model else None,
            client_request_id=label,
            created_ms=milliseconds(sandbox.clock),
            account=account,
        )
        os.replace(unfinished, sandbox.store.upload_path(record))
        sandbox.store.add_file(record)
    finally:
        unfinished.unlink(missing_ok=True)
    return record


def _checked_form(
    form: FormData, catalogue: dict[str, Model]
) -> tuple[UploadFile, str, Model | None]:
    for key in form:
        if key not in FIELDS:
            raise invalid(f"{key[:60]} is not a field of this form.")
    upload, kind, name = form.get("file"), form.get("kind"), form.get("model")
    if not isinstance(upload, UploadFile):
        raise invalid("file is required and must be a file part.")
    if not isinstance(kind, str) or kind not in DEFAULT_SIZE_MB:
        raise invalid("kind is required and must be image, video or audio.")
    model = None
    if name is not None:
        model = catalogue.get(name) if isinstance(name, str) else None
        if model is None:
            raise invalid("model is not in the model list.")
        if kind not in accepted_kinds(model):
            raise invalid(f"{model['id']} takes no {kind} files.")
    return upload, kind, model


def _check_size(size: int, limit: dict[str, object]) -> None:
    most = limit["max_size_mb"]
    if size == 0:
        raise invalid("file is empty.")
    if isinstance(most, int | float) and size > most * MEGABYTE:
        raise invalid(f"file has {size} bytes; the limit for {limit['kind']} is {most} MB.")


def _check_mime(mime: str, limit: dict[str, object]) -> None:
    accepted = limit["mime_types"]
    if isinstance(accepted, list) and mime not in accepted:
        raise invalid(f"file is {mime}; accepted are: {', '.join(accepted)}.")


def _copy(upload: UploadFile, target: Path) -> str:
    """Copy the spooled bytes to `target`; their SHA-256."""
    with target.open("wb") as out:
        shutil.copyfileobj(upload.file, out)
    with target.open("rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()


def _clean_name(name: str | None) -> str:
    printable = "".join(letter for letter in name or "" if letter.isprintable())
    tail = printable.replace("\\", "/").rpartition("/")[2]
    return tail.encode("utf-8", "replace").decode()[:200] or "file"


def _token(sandbox: Sandbox, file_id: str, found: Probe) -> str | None:
    if found.duration_seconds is None:
        return None
    return duration_token(sandbox.store.secret, file_id, found.duration_seconds)
