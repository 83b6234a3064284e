"""One job of template.json: python rivya_job.py NAME=VALUE …; prints the paths of its results, or the
answer of a chat model."""

import json
import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = Path(__file__).resolve().parent
POLL_SECONDS = float(os.environ.get("POLL_SECONDS", "5"))
TRIES = 5
GENERATIONS, TURNS = "/api/v1/generations", "/api/v1/chat/completions"


def read(name: str) -> Any:
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def shown(value: Any) -> Any:
    """As Rivya Bridge fills in: true and false in words, nothing for null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def typed(text: str, kind: str) -> Any:
    """A number, true or false from the command line; any other text stays one."""
    if kind == "number":
        return float(text) if "." in text else int(text)
    return text.lower() in ("true", "1", "yes") if kind == "boolean" else text


def typed_param(text: str, default: Any) -> Any:
    """Of the kind that the default has."""
    if isinstance(default, bool):
        return typed(text, "boolean")
    return typed(text, "number") if isinstance(default, int | float) else text


def build(version: dict[str, Any], given: dict[str, str], paths: dict[str, str]) -> dict[str, Any]:
    """The request body, and under "files" the path of each reference with its kind."""
    slots = [slot["name"] for slot in version["file_slots"]]
    variables = {one["name"]: one for one in version["variables"]}
    exposed = {one["key"]: one for one in version["exposed_params"]}
    unknown = set(given) - {*slots, *variables, *exposed}
    if unknown:
        known = ", ".join([*variables, *exposed, *slots])
        sys.exit(f"No such input: {', '.join(sorted(unknown))}. The inputs are: {known}.")
    values = {
        name: typed(given[name], one["type"]) if name in given else one.get("default")
        for name, one in variables.items()
    }
    missing = [name for name, one in variables.items() if one.get("required") and name not in given]
    missing += [
        slot["name"]
        for slot in version["file_slots"]
        if slot["required"] and slot["name"] not in given
    ]
    if missing:
        sys.exit(f"Required: {', '.join(missing)}. Give each as NAME=VALUE.")
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=shown, keep_trailing_newline=True
    )
    params = dict(version["fixed_params"])
    for key, one in exposed.items():
        default = one.get("default")
        value = typed_param(given[key], default) if key in given else default
        if value is not None:
            params[key] = value
    files = [
        (given.get(slot["name"]) or paths.get(slot["name"], ""), slot["kind"])
        for slot in version["file_slots"]
    ]
    return {
        "model": version["model"],
        "prompt": environment.from_string(version["prompt"]).render(values),
        "params": params,
        "files": [(path, kind) for path, kind in files if path],
    }


def upload(client: httpx.Client, path: str, kind: str, model: str) -> dict[str, Any]:
    """What Rivya tells of the uploaded file; uploading costs nothing."""
    with open(path, "rb") as stream:
        fields = {"kind": kind, "model": model}
        answer = client.post(
            "/api/v1/files", data=fields, files={"file": (Path(path).name, stream)}
        )
    answer.raise_for_status()
    return dict(answer.json())


def reference(path: str, kind: str, file: dict[str, Any]) -> dict[str, Any]:
    """An uploaded file's entry for the params."""
    item = {
        "url": file["url"],
        "kind": kind,
        "name": Path(path).name,
        "mimeType": file.get("mime_type"),
        "durationSeconds": file.get("duration_seconds"),
        "durationToken": file.get("duration_token"),
    }
    return {key: value for key, value in item.items() if value is not None}


def submit(client: httpx.Client, route: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    """The same key and the same bytes until there is an answer, so that it is charged once."""
    content = json.dumps(body).encode()
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    is_lost = False
    for number in range(TRIES):
        try:
            answer = client.post(route, content=content, headers=headers)
        except httpx.TransportError as error:
            is_lost = True
            print(f"no answer ({error}); the same key is sent again", file=sys.stderr)
        else:
            # A conflict after a lost answer: the first call of this key is still under way.
            is_under_way = is_lost and answer.status_code == 409
            if answer.status_code < 500 and answer.status_code != 429 and not is_under_way:
                if answer.is_error:
                    sys.exit(f"Refused ({answer.status_code}): {answer.text}")
                return dict(answer.json())
        time.sleep(min(2**number, 15))
    sys.exit(f"No answer after {TRIES} tries. Try again with REQUEST_KEY={key}.")


def wait(client: httpx.Client, generation: dict[str, Any]) -> dict[str, Any]:
    while generation["status"] not in ("succeeded", "failed"):
        time.sleep(POLL_SECONDS)
        answer = client.get(f"/api/v1/generations/{generation['id']}")
        if answer.status_code < 500 and answer.status_code != 429:
            answer.raise_for_status()
            generation = answer.json()
    return generation


def download(generation: dict[str, Any]) -> list[Path]:
    """The results beside this program; their addresses are asked without the key."""
    paths = []
    for number, url in enumerate(generation["result"]["urls"], start=1):
        suffix = Path(httpx.URL(url).path).suffix or ".bin"
        path = Path(f"{generation['id']}-{number}{suffix}")
        with httpx.stream("GET", url, timeout=60) as answer, path.open("wb") as out:
            answer.raise_for_status()
            for piece in answer.iter_bytes():
                out.write(piece)
        paths.append(path)
    return paths


def generate(client: httpx.Client, body: dict[str, Any], files: list[Any], key: str) -> None:
    """A picture, clip or sound: submitted, awaited, downloaded."""
    if files:
        items = [
            reference(path, kind, upload(client, path, kind, body["model"])) for path, kind in files
        ]
        body["params"]["referenceMediaItems"] = items
    sent = {name: value for name, value in body.items() if value}
    generation = wait(client, submit(client, GENERATIONS, sent, key))
    if generation["status"] == "failed":
        sys.exit(f"Failed: {json.dumps(generation.get('error'))}")
    for path in download(generation):
        print(path)


def ask(client: httpx.Client, body: dict[str, Any], files: list[Any], key: str) -> None:
    """A chat turn: one call, which is the answer. Switches are true and false, the effort a word."""
    turn = {"model": body["model"], "message": body["prompt"]}
    for name, value in body["params"].items():
        turn[name] = value if name == "reasoning_effort" else value == "true"
    if files:
        made = [upload(client, path, kind, body["model"]) for path, kind in files]
        turn["attachments"] = [{"file_id": file["id"]} for file in made]
    print(submit(client, TURNS, turn, key)["message"]["content"])


def main() -> None:
    manifest, version = read("manifest.json"), read("template.json")["version"]
    given = dict(argument.split("=", 1) for argument in sys.argv[1:] if "=" in argument)
    paths = {slot: str(HERE / file["path"]) for slot, file in manifest["files"].items()}
    body = build(version, given, paths)
    files = body.pop("files")
    key = os.environ.get("REQUEST_KEY") or str(uuid.uuid4())
    base_url = os.environ.get("RIVYA_BASE_URL", manifest["base_url"])
    headers = {"Authorization": f"Bearer {os.environ['RIVYA_API_KEY']}"}
    is_chat = version["expected"]["category"] == "chat"
    timeout = 300 if is_chat else 60
    with httpx.Client(base_url=base_url, headers=headers, timeout=timeout) as client:
        (ask if is_chat else generate)(client, body, files, key)


if __name__ == "__main__":
    main()
