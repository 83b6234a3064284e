"""What makes two runs repeats of each other. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any


def setting_of(model_id: str, prompt: str, params: Mapping[str, Any]) -> str:
    """Names what was asked for besides reference files: 16 hex digits."""
    return _digest([model_id, prompt, params])


def configuration_of(
    model_id: str, prompt: str, params: Mapping[str, Any], references: Sequence[str]
) -> str:
    """Names the whole request, `references` by SHA-256 in order: runs with one name are repeats."""
    return _digest([model_id, prompt, params, references])


def _digest(parts: list[Any]) -> str:
    text = json.dumps(parts, sort_keys=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
