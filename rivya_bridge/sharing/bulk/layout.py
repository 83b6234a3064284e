"""Runs from files alone: without a table, each file is a run, and so is each folder of files.

bottle.png                  a run; bottle.txt beside it is its prompt
take-1/a.png take-1/b.png   one run with two results; take-1/prompt.txt is its prompt
take-1/references/x.png     goes into the model
"""

from collections import defaultdict
from pathlib import PurePosixPath

from rivya_bridge.files.store import Readable
from rivya_bridge.refusals import Refusal
from rivya_bridge.sharing.bulk.sources import Source
from rivya_bridge.sharing.bulk.tables import MAX_ROWS, RawRun

PROMPT_BYTES = 100_000
REFERENCES = "references"


def runs_of_files(source: Source) -> list[RawRun]:
    """One row for each file or folder, in the order of their names. Refusal above 1,000 or for none."""
    names = sorted(source.sizes)
    top = _common_folder(names)
    texts = {name for name in names if name.lower().endswith(".txt")}
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if name not in texts:
            groups[_group(name[len(top) :], name)].append(name)
    if not groups:
        raise Refusal.field("file", "There is neither a table nor a file of a result in it.")
    if len(groups) > MAX_ROWS:
        text = f"These are {len(groups):,} runs; the limit is {MAX_ROWS:,}: split them."
        raise Refusal.field("file", text, MAX_ROWS)
    return [_row(source, top, group, files, texts) for group, files in groups.items()]


def _common_folder(names: list[str]) -> str:
    """The one folder that everything lies in, with its slash; '' when there is none."""
    firsts = {name.partition("/")[0] for name in names}
    is_one = len(firsts) == 1 and all("/" in name for name in names)
    return f"{firsts.pop()}/" if is_one else ""


def _group(below: str, name: str) -> str:
    folder, slash, _ = below.partition("/")
    return folder if slash else name


def _row(source: Source, top: str, group: str, files: list[str], texts: set[str]) -> RawRun:
    is_folder = group not in files
    prompts = (
        [f"{top}{group}/prompt.txt"]
        if is_folder
        else [str(PurePosixPath(group).with_suffix(".txt"))]
    )
    prompt = next((_text(source, name) for name in prompts if name in texts), None)
    references = [name for name in files if is_folder and f"/{REFERENCES}/" in name]
    cells: dict[str, object] = {
        "results": [name for name in files if name not in references],
        "references": references,
    }
    return RawRun(
        f"{top}{group}" if is_folder else group, cells | ({"prompt": prompt} if prompt else {})
    )


def _text(source: Source, name: str) -> str:
    with source.open(name) as stream:
        raw = _whole(stream, name)
    try:
        return raw.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError as error:
        raise Refusal.field("file", f"{name[:80]} is no UTF-8 text: save it as UTF-8.") from error


def _whole(stream: Readable, name: str) -> bytes:
    raw = b""
    while piece := stream.read(PROMPT_BYTES + 1 - len(raw)):
        raw += piece
        if len(raw) > PROMPT_BYTES:
            text = f"{name[:80]} is larger than {PROMPT_BYTES:,} bytes, too long for a prompt."
            raise Refusal.field("file", text, PROMPT_BYTES)
    return raw
