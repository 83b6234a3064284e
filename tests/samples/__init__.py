"""Payloads of Rivya's API, one file each: what the client reads and what the sandbox must send.

    from tests.samples import sample, shape_of, stream

    sample("generation/succeeded")      the JSON value in generation/succeeded.json, fresh each time
    stream("completed")                 the bytes of stream/completed.sse
    names("generation")                 ["generation/failed", "generation/insufficient", ...]
    shape_of(sample("generation/queued"), sample("generation/succeeded"))
                                        names and types without values, see below

Hold a server to the samples by shape: `misfits(answer, shape_of(*samples))` is [] for an answer that
fits. README.md names the page behind each file and says which members are documented.
"""

import json
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent

Shape = dict[str, Any]


def sample(name: str) -> Any:
    """The JSON value of one sample, such as `generation/succeeded`; a caller may change it."""
    return json.loads(_ROOT.joinpath(f"{name}.json").read_bytes())


def stream(name: str) -> bytes:
    """The bytes of one chat stream, such as `completed`."""
    return _ROOT.joinpath("stream", f"{name}.sse").read_bytes()


def names(folder: str) -> list[str]:
    """Every sample of a folder, sorted, in the spelling that `sample` takes."""
    found = [f"{folder}/{path.stem}" for path in _ROOT.joinpath(folder).glob("*.json")]
    assert found, f"there are no samples in {folder}"
    return sorted(found)


def shape_of(*values: Any) -> Shape:
    """What the values have in common, without the values themselves.

    `{"types": [...]}` lists the JSON types seen: null, boolean, number, string, array, object.
    Objects add `"members"` (name -> shape) and `"always"` (names that every object had), arrays
    that had entries add `"items"` (the shape of all of them).
    """
    shape: Shape = {"types": sorted({_type_of(value) for value in values})}
    objects = [value for value in values if isinstance(value, dict)]
    items = [item for value in values if isinstance(value, list) for item in value]
    if objects:
        members = sorted({key for value in objects for key in value})
        shape["members"] = {
            key: shape_of(*[value[key] for value in objects if key in value]) for key in members
        }
        shape["always"] = [key for key in members if all(key in value for value in objects)]
    if items:
        shape["items"] = shape_of(*items)
    return shape


def misfits(value: Any, shape: Shape, path: str = "$") -> list[str]:
    """Where a value departs from a shape, as sentences: a type never seen, a member that is missing.

    Members that no sample has are no fault: fields may be added without a new version.
    """
    found = _type_of(value)
    if found not in shape["types"]:
        return [f"{path} is {found}, not {' or '.join(shape['types'])}"]
    if isinstance(value, dict):
        missing = [f"{path}.{key} is missing" for key in shape["always"] if key not in value]
        known = (key for key in value if key in shape["members"])
        inner = (misfits(value[key], shape["members"][key], f"{path}.{key}") for key in known)
        return missing + [fault for faults in inner for fault in faults]
    if isinstance(value, list) and "items" in shape:
        entries = (misfits(item, shape["items"], f"{path}[{n}]") for n, item in enumerate(value))
        return [fault for faults in entries for fault in faults]
    return []


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return {str: "string", list: "array", dict: "object"}[type(value)]
