"""The program that decodes: one JSON line in, a fork under limits, one JSON line out.

    {"act": "inspect", "path": "/…", "target": "", "limits": {…}}
    {"found": {…}} | {"refusal": "a sentence"} | {"ended": "memory" | "time" | "crash"}

It ends when its input does, or when nothing was asked for a while.
"""

import json
import os
import select
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from rivya_bridge.files import blind, media, peaks
from rivya_bridge.files.decoding.limits import Limits, apply, end_with_parent
from rivya_bridge.files.decoding.wire import media_to_wire, shape_to_wire

IDLE_SECONDS = 120.0
OUT_OF_MEMORY = 3
_TIME_IS_UP = (signal.SIGALRM, signal.SIGXCPU)

Act = Callable[[Path, Path], dict[str, Any]]


def _inspect(path: Path, target: Path) -> dict[str, Any]:
    return media_to_wire(media.inspect(path))


def _measure(path: Path, target: Path) -> dict[str, Any]:
    shape = peaks.measure_file(path)
    if shape is None:
        raise media.NotMedia("The file has no sound.")
    return shape_to_wire(shape)


def _blind(path: Path, target: Path) -> dict[str, Any]:
    return {"mime_type": blind.write_blind(path, target)}


ACTS: dict[str, Act] = {"inspect": _inspect, "measure": _measure, "blind": _blind}


def serve(acts: Mapping[str, Act] = ACTS, idle_seconds: float = IDLE_SECONDS) -> None:
    """Answers requests from standard input, one after the other."""
    source, answers = sys.stdin.buffer, sys.stdout.buffer
    while select.select([source], [], [], idle_seconds)[0] and (line := source.readline()):
        answers.write(_answer(json.loads(line), acts) + b"\n")
        answers.flush()


def _answer(request: dict[str, Any], acts: Mapping[str, Act]) -> bytes:
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        with os.fdopen(write_end, "wb") as out:
            _decode_and_exit(request, acts, out)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(pid, 0)
    if status == 0 and told:
        return told
    return json.dumps({"ended": _reason(status)}).encode()


def _reason(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in _TIME_IS_UP:
            return "time"
        # Where memory runs out in spite of the limit, the kernel kills the process.
        return "memory" if number == signal.SIGKILL else "crash"
    return "memory" if os.WEXITSTATUS(status) == OUT_OF_MEMORY else "crash"


def _decode_and_exit(request: dict[str, Any], acts: Mapping[str, Act], out: BinaryIO) -> None:
    """Never returns: whatever happens, the fork ends here."""
    code = 1
    try:
        end_with_parent()
        apply(Limits(**request["limits"]))
        out.write(_decode(request, acts))
        out.flush()
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    finally:
        os._exit(code)


def _decode(request: dict[str, Any], acts: Mapping[str, Act]) -> bytes:
    act = acts[request["act"]]
    try:
        found = act(Path(request["path"]), Path(request["target"]))
    except media.NotMedia as error:
        return json.dumps({"refusal": str(error)}).encode()
    return json.dumps({"found": found}).encode()


if __name__ == "__main__":
    serve()
