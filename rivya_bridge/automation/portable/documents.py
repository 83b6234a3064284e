"""YAML and JSON from anywhere: only plain data, and never more of it than the limits. Pure.

The YAML is the part that means the same to everybody: no anchors and aliases (a few lines of them can
unfold to gigabytes), no tags, no keys that stand twice, and only JSON's own kinds of values.
"""

import re
from typing import Any

import yaml

from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.web.json_body import read_json

MOST_BYTES = 256 * 1024
MOST_NODES = 10_000
MAX_DEPTH = 20

_RESOLVERS = (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"-?(?:0|[1-9]\d{0,17})", list("-0123456789")),
    ("float", r"-?\d{1,17}\.\d{1,17}(?:[eE][-+]?\d{1,3})?", list("-0123456789")),
)


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    found: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for kind, pattern, letters in _RESOLVERS:
        entry = (f"tag:yaml.org,2002:{kind}", re.compile(f"(?:{pattern})\\Z", re.ASCII))
        for letter in letters:
            found.setdefault(letter, []).append(entry)
    return found


class _Loader(yaml.SafeLoader):
    """Only null, true, false, decimal numbers and texts: `no`, `12:30` and dates stay texts."""

    yaml_implicit_resolvers = _resolvers()


class _Dumper(yaml.SafeDumper):
    """Quotes what its loader, or any reader of YAML 1.1, would take for something else."""

    yaml_implicit_resolvers = _resolvers()

    def ignore_aliases(self, data: Any) -> bool:
        return True


_YAML_1_1 = yaml.resolver.Resolver()
_TEXT = "tag:yaml.org,2002:str"


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text.strip() else None
    if _YAML_1_1.resolve(yaml.ScalarNode, text, (True, False)) != _TEXT:  # type: ignore[no-untyped-call]
        style = "'"
    return dumper.represent_scalar(_TEXT, text, style=style)


_Dumper.add_representer(str, _text)


def write_yaml(value: Any) -> str:
    """The value as YAML that `read_document` reads back as the same value."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def read_document(raw: bytes, *, field: str = "file") -> Any:
    """The value of a YAML or JSON text in UTF-8. Raises Refusal naming `field` and the limit."""
    if len(raw) > MOST_BYTES:
        text = f"{field} has {len(raw):,} bytes; the limit is {MOST_BYTES:,}."
        raise Refusal.field(field, text, MOST_BYTES)
    if raw.lstrip()[:1] == b"{":
        return _json(raw, field)
    try:
        text = raw.decode("utf-8-sig")
        _check_events(text, field)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader with fewer types
    except UnicodeDecodeError as error:
        raise Refusal.field(field, f"{field} is no UTF-8 text: save it as UTF-8.") from error
    except yaml.YAMLError as error:
        raise Refusal.field(field, f"{field} is no YAML: {_place(error)}.") from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise Refusal.field(field, f"{field} has a value that is none of JSON's.") from error


def _json(raw: bytes, field: str) -> Any:
    try:
        return read_json(raw)
    except Refusal as refusal:
        problems = [Problem(field, f"{field}: {p.message}", p.limit) for p in refusal.problems]
        raise Refusal.of(problems) from refusal


def _check_events(text: str, field: str) -> None:
    """Reads the text once without building anything, and stops at the first thing beyond the limits."""
    depth = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=_Loader)):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            problem = "anchors and aliases (& and *) are not read: write the value out"
            raise Refusal.field(field, f"{field}, line {line}: {problem}.")
        if getattr(event, "tag", None):
            problem = f"tags such as {str(event.tag)[:60]} are not read: write plain values"  # type: ignore[attr-defined]
            raise Refusal.field(field, f"{field}, line {line}: {problem}.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            text = f"{field}, line {line}: nested deeper than {MAX_DEPTH} levels."
            raise Refusal.field(field, text, MAX_DEPTH)
        if nodes > MOST_NODES:
            raise Refusal.field(field, f"{field} has more than {MOST_NODES:,} values.", MOST_NODES)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    """Keys are texts, and each stands once."""
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str) or key in found:
            problem = "stands twice" if isinstance(key, str) else "is no text"
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {str(key)[:40]!r} {problem}", key_node.start_mark
            )
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or "it cannot be read")[:200]
    return f"line {mark.line + 1}, {problem}" if mark else problem
