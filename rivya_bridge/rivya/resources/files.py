"""https://rivya.ai/docs/api-files"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from rivya_bridge.rivya._http import Call, HttpPath
from rivya_bridge.rivya._multipart import FileUpload
from rivya_bridge.rivya.resources._checks import check_client_request_id, check_identifier
from rivya_bridge.rivya.types.file import RemoteFile, read_file


class Files:
    """Reference files at the vendor."""

    def __init__(self, http: HttpPath) -> None:
        self._http = http

    def upload(
        self,
        path: Path,
        *,
        kind: str,
        name: str,
        mime_type: str,
        model: str | None = None,
        client_request_id: str | None = None,
        on_progress: Callable[[int], None] | None = None,
        seconds: float | None = None,
    ) -> RemoteFile:
        """POST /files: stream one file up; starts no task and costs nothing.

        `kind`: image, video or audio. `model` makes the vendor check that model's limits.
        `on_progress` gets the bytes handed over so far. `seconds`: the limit of the whole call.
        Needs the scope files:create. There is no idempotency key here, so only an upload that never
        left is repeated by itself.
        Raises RivyaError, OSError if the file cannot be read, ValueError if it changes meanwhile.
        """
        check_client_request_id(client_request_id)
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
