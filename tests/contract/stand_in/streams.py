"""The bytes of a streamed turn, in a variant's spelling."""

from __future__ import annotations

import json
import re
from typing import Any

from .variants import Variant


def stream_of(turn: dict[str, Any], variant: Variant) -> bytes:
    """The whole stream: its session, the text in pieces, the finished turn, and [DONE] where it is told."""
    end = variant.line_end
    text = turn["message"]["content"]
    pieces = re.findall(r"\S+\s*", text)
    last = turn if variant.end == "whole" else turn | {"message": {"role": "assistant"}}
    told = [_event("begin", {"session_id": turn["session_id"]}, variant)]
    told += [
        f": still here{end}" + _event("piece", _delta(one, variant), variant) for one in pieces
    ]
    told.append(_event("end", last, variant))
    if variant.has_done:
        told.append(f"data: [DONE]{end}{end}")
    return "".join(told).encode()


def _delta(text: str, variant: Variant) -> dict[str, Any]:
    shapes: dict[str, dict[str, Any]] = {
        "delta": {"delta": text},
        "delta.content": {"delta": {"content": text}},
        "content_delta": {"content_delta": text, "n": 1},
        "text": {"text": text},
    }
    return shapes[variant.delta]


def _event(name: str, payload: dict[str, Any], variant: Variant) -> str:
    end = variant.line_end
    data = json.dumps(payload, ensure_ascii=False, indent=1 if variant.is_many_lines else None)
    lines = [f"event: {name}"] if variant.has_names else []
    lines += [f"data: {line}" for line in data.split("\n")]
    return end.join(lines) + end + end
