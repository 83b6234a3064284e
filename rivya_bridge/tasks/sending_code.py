"""One sending as code: its exact bytes to the same route, and the answer printed as it comes.

The files were uploaded before, so their addresses stand in the bytes as they were then. The key is always
read from the environment variable RIVYA_API_KEY. Routes: "docs/api-generations", "docs/api-chat".
"""

import json
import pprint
import shlex

from rivya_bridge.tasks.models import Task, TaskAttempt

PATHS = {
    Task.Kind.GENERATION: "/api/v1/generations",
    Task.Kind.CHAT: "/api/v1/chat/completions/stream",
}

_NOTE = """\
{mark} The body is byte for byte what was sent. With the task's idempotency key in REQUEST_KEY, Rivya
{mark} tells its first answer again; without it this is a new request, which is charged.
"""

_CURL = """\
# Needs RIVYA_API_KEY in the environment.
{note}\
request_key="${{REQUEST_KEY:-request-$(date +%s)-$$}}"

curl -sSN --fail-with-body {url} \\
  -H "Authorization: Bearer $RIVYA_API_KEY" \\
  -H "Content-Type: application/json" \\
  -H "Idempotency-Key: $request_key" \\
  --data-raw {body}
"""

_PYTHON = '''\
"""Needs httpx, and RIVYA_API_KEY in the environment."""

import os
import uuid

import httpx

{note}\
BODY = {body}
headers = {{
    "Authorization": f"Bearer {{os.environ['RIVYA_API_KEY']}}",
    "Content-Type": "application/json",
    "Idempotency-Key": os.environ.get("REQUEST_KEY") or str(uuid.uuid4()),
}}
with httpx.stream("POST", {url}, content=BODY.encode(), headers=headers, timeout=60) as answer:
    for piece in answer.iter_text():
        print(piece, end="", flush=True)
answer.raise_for_status()
'''

_TYPESCRIPT = """\
// Node 20 or later, on a server only; RIVYA_API_KEY comes from the environment.
import {{ randomUUID }} from "node:crypto";

{note}\
const body = {body};
const answer = await fetch({url}, {{
  method: "POST",
  headers: {{
    Authorization: `Bearer ${{process.env.RIVYA_API_KEY}}`,
    "Content-Type": "application/json",
    "Idempotency-Key": process.env.REQUEST_KEY || randomUUID(),
  }},
  body,
}});
for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {{
  process.stdout.write(piece);
}}
if (!answer.ok) process.exitCode = 1;
"""


def sending_snippets(attempt: TaskAttempt) -> list[tuple[str, str]]:
    """(name, code) of a sending, to where it was sent, for every language that pages show."""
    url = attempt.task.base_url + PATHS[Task.Kind(attempt.task.kind)]
    body = attempt.body.decode()
    written = pprint.pformat(body, width=88)
    remark, comment = _NOTE.format(mark="#"), _NOTE.format(mark="//")
    # JSON is JavaScript, but for two line separators that older parsers take for line ends; those
    # and all else beyond ASCII are escaped.
    return [
        ("cURL", _CURL.format(url=shlex.quote(url), body=shlex.quote(body), note=remark)),
        ("Python (httpx)", _PYTHON.format(url=repr(url), body=written, note=remark)),
        (
            "TypeScript",
            _TYPESCRIPT.format(url=json.dumps(url), body=json.dumps(body), note=comment),
        ),
    ]
