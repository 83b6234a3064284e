"""Copy a chat turn as code: cURL, Python (httpx) or TypeScript, the answer streamed as it comes.

The key is always read from the environment variable RIVYA_API_KEY. A turn of a conversation names its
session, which is all that Rivya takes of earlier turns; without one, each run begins a conversation.
Routes: "docs/api-chat", "docs/api-files".
"""

import json
import pprint
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from rivya_bridge.catalog.chat_options import chat_arguments

_SESSION_NOTE = (
    "{mark} It continues the conversation session_id, with a key of the account that began it.\n"
)
_CURL = """\
# Needs RIVYA_API_KEY in the environment{needs}.
{note}\
# Keep request_key when you repeat this request: the same key is charged once.
request_key="${{REQUEST_KEY:-request-$(date +%s)-$$}}"
{upload}
curl -sS {stream}--fail-with-body {url} \\
  -H "Authorization: Bearer $RIVYA_API_KEY" \\
  -H "Content-Type: application/json" \\
  -H "Idempotency-Key: $request_key" \\
  --data-raw {data}
"""

_PYTHON = '''\
"""Needs httpx, and RIVYA_API_KEY in the environment."""

import json
import os
import uuid

import httpx

BASE_URL = {base_url}
{note}\
BODY = {body}
FILES = {files}
headers = {{"Authorization": f"Bearer {{os.environ['RIVYA_API_KEY']}}"}}
with httpx.Client(base_url=BASE_URL, headers=headers, timeout=60) as client:
    for name in FILES:
        with open(name, "rb") as file:
            form = {{"kind": "image", "model": BODY["model"]}}
            answer = client.post("/api/v1/files", data=form, files={{"file": (name, file)}})
        answer.raise_for_status()
        BODY.setdefault("attachments", []).append({{"file_id": answer.json()["id"]}})
    # The same key is charged once: keep it when you repeat a request whose answer was lost.
    key = {{"Idempotency-Key": str(uuid.uuid4())}}
    with client.stream("POST", "/api/v1/chat/completions/stream", json=BODY, headers=key) as stream:
        stream.raise_for_status()
        for line in stream.iter_lines():
            data = line.removeprefix("data:").strip()
            if line.startswith("data:") and data.startswith("{{"):
                print(json.loads(data).get("delta", ""), end="", flush=True)
print()
'''

_TYPESCRIPT = """\
// Node 20 or later, on a server only; RIVYA_API_KEY comes from the environment.
import {{ randomUUID }} from "node:crypto";
import {{ readFile }} from "node:fs/promises";

const baseUrl = {base_url};
{note}\
const body: any = {body};
const headers = {{ Authorization: `Bearer ${{process.env.RIVYA_API_KEY}}` }};

async function post(path: string, init: RequestInit): Promise<Response> {{
  const answer = await fetch(baseUrl + path, {{
    ...init,
    method: "POST",
    headers: {{ ...headers, ...init.headers }},
  }});
  if (!answer.ok) throw new Error(`${{answer.status}}: ${{await answer.text()}}`);
  return answer;
}}

for (const name of {files}) {{
  const form = new FormData();
  form.set("file", new Blob([await readFile(name)]), name);
  form.set("kind", "image");
  form.set("model", body.model);
  const file = await (await post("/api/v1/files", {{ body: form }})).json();
  (body.attachments ??= []).push({{ file_id: file.id }});
}}
// The same key is charged once: keep it when you repeat a request whose answer was lost.
const answer = await post("/api/v1/chat/completions/stream", {{
  headers: {{ "Content-Type": "application/json", "Idempotency-Key": randomUUID() }},
  body: JSON.stringify(body),
}});
let rest = "";
for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {{
  const lines = (rest + chunk).split("\\n");
  rest = lines.pop()!;
  for (const line of lines)
    if (line.startsWith("data:") && line.includes("{{"))
      process.stdout.write(JSON.parse(line.slice(5)).delta ?? "");
}}
"""


def chat_body(
    model_id: str, message: str, params: Mapping[str, Any], session_id: str = ""
) -> dict[str, Any]:
    """The JSON body of a turn without its attachments."""
    body = {"model": model_id, "message": message, **chat_arguments(params)}
    return {**body, "session_id": session_id} if session_id else body


def chat_snippets(
    body: Mapping[str, Any], names: Sequence[str], base_url: str
) -> list[tuple[str, str]]:
    """(name, code) for every language; `names`: plain names of the attached pictures, in order."""
    values = {"base_url": json.dumps(base_url), "files": json.dumps(list(names))}
    shown = pprint.pformat(dict(body), width=88, sort_dicts=False)
    return [
        ("cURL", chat_curl(body, names, base_url)),
        ("Python (httpx)", _PYTHON.format(**values, body=shown, note=_note(body, "#"))),
        (
            "TypeScript",
            _TYPESCRIPT.format(**values, body=_script_value(body), note=_note(body, "//")),
        ),
    ]


def _note(body: Mapping[str, Any], mark: str) -> str:
    return _SESSION_NOTE.format(mark=mark) if "session_id" in body else ""


def _script_value(body: Mapping[str, Any]) -> str:
    """JSON is JavaScript, but for two line separators that older parsers take for line ends."""
    text = json.dumps(body, ensure_ascii=False, indent=2)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def chat_curl(
    body: Mapping[str, Any], names: Sequence[str], base_url: str, *, streams: bool = True
) -> str:
    """A POSIX shell script that asks for the turn, as it is told or whole; jq only for pictures."""
    data = shlex.quote(json.dumps(body, ensure_ascii=False, indent=2))
    path = "/api/v1/chat/completions" + ("/stream" if streams else "")
    url, stream = shlex.quote(f"{base_url}{path}"), "-N " if streams else ""
    note = _note(body, "#")
    if not names:
        return _CURL.format(needs="", note=note, upload="", url=url, data=data, stream=stream)
    ids = [f"file_{number}" for number in range(1, len(names) + 1)]
    uploads = [
        f"{name}=$(curl -sS --fail-with-body {shlex.quote(f'{base_url}/api/v1/files')} \\\n"
        f'  -H "Authorization: Bearer $RIVYA_API_KEY" -F {shlex.quote(f"file=@{path}")} \\\n'
        f"  -F kind=image --form-string {shlex.quote('model=' + str(body['model']))} | jq -r .id)"
        for name, path in zip(ids, names, strict=True)
    ]
    arguments = " ".join(f'--arg {name} "${name}"' for name in ids)
    items = ", ".join(f"{{file_id: ${name}}}" for name in ids)
    program = shlex.quote(f".attachments = [{items}]")
    uploads.append(f"body=$(printf '%s' {data} | jq {arguments} {program})")
    return _CURL.format(
        needs=", jq, and the pictures in this folder",
        note=note,
        upload="\n".join(uploads) + "\n",
        url=url,
        data='"$body"',
        stream=stream,
    )
