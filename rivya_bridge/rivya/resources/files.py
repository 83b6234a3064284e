"""https://rivya.ai/docs/api-files"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from rivya_bridge.rivya._calls import Call
from rivya_bridge.rivya._http import HttpPath
from rivya_bridge.rivya._magic import kind_of, mime_type_of
from rivya_bridge.rivya._multipart import FileUpload
from rivya_bridge.rivya.limits import FileFacts, check_file
from rivya_bridge.rivya.resources._checks import check_client_request_id, check_identifier
from rivya_bridge.rivya.types.file import RemoteFile, read_file
from rivya_bridge.rivya.types.model import Model


class Files:
    """Reference files at the vendor."""

    def __init__(self, http: HttpPath) -> None:
        self._http = http

    def upload(
        self,
        path: Path,
        *,
        kind: str | None = None,
        name: str | None = None,
        mime_type: str | None = None,
        model: Model | str | None = None,
        client_request_id: str | None = None,
        on_progress: Callable[[int], None] | None = None,
        seconds: float | None = None,
    ) -> RemoteFile:
        """POST /files: stream one file up; starts no task and costs nothing.

        `mime_type` and `kind` (image, video or audio) are found from the file's first bytes where
        they are not given, `name` is the file's own. `model` makes the vendor check that model's
        limits; a Model, not only its id, is held against them before anything is sent.
        `on_progress` gets the bytes handed over so far. `seconds`: the limit of the whole call.
        Needs the scope files:create. There is no idempotency key here, so only an upload that
        never left is repeated by itself.
        Raises RivyaError, FileNotAccepted, OSError if the file cannot be read, ValueError if it is
        of no known type or changes meanwhile.
        """
        check_client_request_id(client_request_id)
        mime_type = mime_type or mime_type_of(path)
        kind, name = kind or kind_of(mime_type), name or path.name
        if isinstance(model, Model):
            check_file(FileFacts(name, kind, mime_type, path.stat().st_size), model)
            model = model.id
        fields = {"kind": kind, "model": model, "client_request_id": client_request_id}
        upload = FileUpload(
            path,
            name=name,
            mime_type=mime_type,
            fields={key: value for key, value in fields.items() if value is not None},
            on_progress=on_progress,
        )
        answer = self._http.send(
            Call(
                "POST",
                "/files",
                content=upload,
                headers={
                    "Content-Type": upload.content_type,
                    "Content-Length": str(upload.length),
                },
                seconds=seconds or self._http.timeouts.upload,
            )
        )
        return read_file(answer.data, answer.meta, origin=self._http.origin)

    def retrieve(self, file_id: str) -> RemoteFile:
        """GET /files/{fileId}. Needs the scope files:read. Raises RivyaError, ValueError."""
        check_identifier("file_id", file_id)
        answer = self._http.send(Call("GET", f"/files/{quote(file_id, safe='')}"))
        return read_file(answer.data, answer.meta, origin=self._http.origin)
