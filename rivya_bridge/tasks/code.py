"""Copy as code: one request to Rivya's API as cURL, Python (httpx) or TypeScript.

The key is always read from the environment variable RIVYA_API_KEY and never written down. Reference
files are uploaded first, from the folder the code is run in. Routes: "docs/api-generations",
"docs/api-files", "docs/api-generation-status".
"""

import json
import pprint
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from rivya_bridge.files.models import StoredFile
from rivya_bridge.tasks.chat_code import chat_body, chat_snippets
from rivya_bridge.tasks.models import Task

BASE_URL = "https://rivya.ai"
PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
SUFFIXES = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "video/mp4": "mp4",
    "video/quicktime": "mov", "video/webm": "webm", "audio/mpeg": "mp3", "audio/mp4": "m4a",
    "audio/wav": "wav", "audio/x-wav": "wav", "audio/aac": "aac", "audio/ogg": "ogg",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """What a piece of code sends: a model, a prompt, params, and reference files in order.

    `session_id`: the conversation that a chat turn continues.
    """

    model_id: str
    prompt: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    references: Sequence[StoredFile] = ()
    session_id: str = ""

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body without the references, whose addresses are known only after uploading."""
        body: dict[str, Any] = {"model": self.model_id}
        if self.prompt:
            body["prompt"] = self.prompt
        if self.params:
            body["params"] = dict(self.params)
        return body

    @property
    def files(self) -> list[tuple[str, str]]:
        """(file name, kind) of every reference. Names that need quoting give way to plain ones."""
        return [(_plain_name(file, n), file.kind) for n, file in enumerate(self.references, 1)]


def call_of(task: Task) -> Call:
    """The call that a task made, or would make: what was asked, and its references in order."""
    files = [row.file for row in task.references.select_related("file")]
    draft = task.draft
    return Call(
        task.model_id,
        draft.get("prompt") or "",
        draft.get("params") or {},
        files,
        draft.get("session_id") or "",
    )


def _plain_name(file: StoredFile, number: int) -> str:
    if PLAIN_NAME.fullmatch(file.name):
        return file.name
    known = PurePosixPath(file.name).suffix.removeprefix(".")
    suffix = SUFFIXES.get(file.mime_type) or (known if PLAIN_NAME.fullmatch(known) else "bin")
    return f"reference-{number}.{suffix}"


# --- cURL -----------------------------------------------------------------------------------------

_CURL_HEAD = """\
# Needs RIVYA_API_KEY in the environment{needs}.
# Keep request_key when you repeat this request: the same key is charged once.
request_key="${{REQUEST_KEY:-request-$(date +%s)-$$}}"
"""

_CURL_UPLOAD = """set -eu  # save this as a file and run it with sh: it stops when an upload fails
upload() {{
  curl -sS --fail-with-body {files_url} \\
    -H "Authorization: Bearer $RIVYA_API_KEY" \\
    -F "file=@$1" -F "kind=$2" --form-string {model}
}}
"""

_CURL_SEND = """
curl -sS --fail-with-body {url} \\
  -H "Authorization: Bearer $RIVYA_API_KEY" \\
  -H "Content-Type: application/json" \\
  -H "Idempotency-Key: $request_key" \\
  --data-raw {data}
"""

# The answer of an upload becomes an entry of params.referenceMediaItems.
_JQ_ITEM = (
    "def item: {url, kind, name, mimeType: .mime_type, durationSeconds: .duration_seconds, "
    "durationToken: .duration_token} | with_entries(select(.value != null)); "
)


def as_curl(call: Call, base_url: str = BASE_URL) -> str:
    """A POSIX shell script that submits the call and prints the answer; jq only for references."""
    url = shlex.quote(f"{base_url}/api/v1/generations")
    body = json.dumps(call.body, ensure_ascii=False, indent=2)
    if not call.references:
        head = _CURL_HEAD.format(needs="")
        return head + _CURL_SEND.format(url=url, data=shlex.quote(body))
    upload = _CURL_UPLOAD.format(
        files_url=shlex.quote(f"{base_url}/api/v1/files"),
        model=shlex.quote(f"model={call.model_id}"),
    )
    uploads = [
        f"reference_{number}=$(upload {shlex.quote(name)} {shlex.quote(kind)})"
        for number, (name, kind) in enumerate(call.files, 1)
    ]
    head = _CURL_HEAD.format(needs=", jq, and the reference files in this folder")
    send = _CURL_SEND.format(url=url, data='"$body"')
    return f"{head}{upload}\n" + "\n".join([*uploads, _jq_body(body, len(uploads))]) + f"\n{send}"


def _jq_body(body: str, count: int) -> str:
    """The body with the uploaded references put into its params."""
    names = [f"reference_{number}" for number in range(1, count + 1)]
    arguments = " ".join(f'--argjson {name} "${name}"' for name in names)
    items = ", ".join(f"(${name} | item)" for name in names)
    program = shlex.quote(f"{_JQ_ITEM}.params.referenceMediaItems = [{items}]")
    return f"body=$(printf '%s' {shlex.quote(body)} | jq {arguments} {program})"


# --- Python ---------------------------------------------------------------------------------------

_PYTHON = '''\
"""Needs httpx, and RIVYA_API_KEY in the environment."""

import os
import time
import uuid
{path_import}
import httpx

BASE_URL = {base_url}
BODY = {body}
{upload}
headers = {{"Authorization": f"Bearer {{os.environ['RIVYA_API_KEY']}}"}}
with httpx.Client(base_url=BASE_URL, headers=headers, timeout=60) as client:{attach}
    # The same key is charged once: keep it when you repeat a request whose answer was lost.
    request_key = str(uuid.uuid4())
    answer = client.post(
        "/api/v1/generations", json=BODY, headers={{"Idempotency-Key": request_key}}
    )
    answer.raise_for_status()
    generation = answer.json()
    while generation["status"] not in ("succeeded", "failed"):
        time.sleep(5)
        answer = client.get(f"/api/v1/generations/{{generation['id']}}")
        answer.raise_for_status()
        generation = answer.json()
print(generation["result"] or generation["error"])
'''

_PYTHON_UPLOAD = """FILES = {files}


def upload(client: httpx.Client, name: str, kind: str) -> dict:
    answer = client.post(
        "/api/v1/files",
        data={{"kind": kind, "model": BODY["model"]}},
        files={{"file": (name, Path(name).read_bytes())}},
    )
    answer.raise_for_status()
    file = answer.json()
    item = {{
        "url": file["url"],
        "kind": kind,
        "name": name,
        "mimeType": file.get("mime_type"),
        "durationSeconds": file.get("duration_seconds"),
        "durationToken": file.get("duration_token"),
    }}
    return {{key: value for key, value in item.items() if value is not None}}

"""

_PYTHON_ATTACH = """
    items = [upload(client, name, kind) for name, kind in FILES]
    BODY.setdefault("params", {})["referenceMediaItems"] = items"""


def as_python(call: Call, base_url: str = BASE_URL) -> str:
    """A script with httpx that uploads the references, submits, polls and prints the result."""
    has_files = bool(call.references)
    return _PYTHON.format(
        base_url=repr(base_url),
        body=_python_value(call.body),
        path_import="from pathlib import Path\n" if has_files else "",
        upload=_PYTHON_UPLOAD.format(files=_python_value(call.files)) if has_files else "",
        attach=_PYTHON_ATTACH if has_files else "",
    )


def _python_value(value: Any) -> str:
    return pprint.pformat(value, width=88, sort_dicts=False)


# --- TypeScript -----------------------------------------------------------------------------------

_TYPESCRIPT = """\
// Node 20 or later, on a server only; RIVYA_API_KEY comes from the environment.
import {{ randomUUID }} from "node:crypto";
{file_import}
const baseUrl = {base_url};
const headers = {{ Authorization: `Bearer ${{process.env.RIVYA_API_KEY}}` }};

async function call(path: string, init: RequestInit = {{}}): Promise<any> {{
  const answer = await fetch(baseUrl + path, {{
    ...init,
    headers: {{ ...headers, ...init.headers }},
  }});
  if (!answer.ok) throw new Error(`${{answer.status}}: ${{await answer.text()}}`);
  return answer.json();
}}
{upload}
const body: any = {body};
{attach}
// The same key is charged once: keep it when you repeat a request whose answer was lost.
const requestKey = randomUUID();
let generation = await call("/api/v1/generations", {{
  method: "POST",
  headers: {{ "Content-Type": "application/json", "Idempotency-Key": requestKey }},
  body: JSON.stringify(body),
}});
while (!["succeeded", "failed"].includes(generation.status)) {{
  await new Promise((resolve) => setTimeout(resolve, 5000));
  generation = await call(`/api/v1/generations/${{generation.id}}`);
}}
console.log(generation.result ?? generation.error);
"""

_TYPESCRIPT_UPLOAD = """
async function upload(name: string, kind: string, model: string): Promise<any> {
  const form = new FormData();
  form.set("file", new Blob([await readFile(name)]), name);
  form.set("kind", kind);
  form.set("model", model);
  const file = await call("/api/v1/files", { method: "POST", body: form });
  return {
    url: file.url,
    kind,
    name,
    mimeType: file.mime_type ?? undefined,
    durationSeconds: file.duration_seconds ?? undefined,
    durationToken: file.duration_token ?? undefined,
  };
}
"""

_TYPESCRIPT_ATTACH = """\
body.params = {{ ...body.params, referenceMediaItems: [] }};
for (const [name, kind] of {files}) {{
  body.params.referenceMediaItems.push(await upload(name, kind, body.model));
}}
"""


def as_typescript(call: Call, base_url: str = BASE_URL) -> str:
    """A module with plain fetch that uploads the references, submits, polls and prints the result."""
    has_files = bool(call.references)
    return _TYPESCRIPT.format(
        base_url=_javascript_value(base_url),
        body=_javascript_value(call.body),
        file_import='import { readFile } from "node:fs/promises";\n' if has_files else "",
        upload=_TYPESCRIPT_UPLOAD if has_files else "",
        attach=_TYPESCRIPT_ATTACH.format(files=_javascript_value(call.files)) if has_files else "",
    )


def _javascript_value(value: Any) -> str:
    """JSON is JavaScript, but for two line separators that older parsers take for line ends."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def snippets(call: Call, *, is_chat: bool, base_url: str = BASE_URL) -> list[tuple[str, str]]:
    """(name, code) of a call for every language that pages show."""
    if is_chat:
        names = [name for name, _ in call.files]
        body = chat_body(call.model_id, call.prompt, call.params, call.session_id)
        return chat_snippets(body, names, base_url)
    return [
        ("cURL", as_curl(call, base_url)),
        ("Python (httpx)", as_python(call, base_url)),
        ("TypeScript", as_typescript(call, base_url)),
    ]
