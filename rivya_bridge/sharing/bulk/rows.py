"""A row of an import as the run that it would be, with everything that is wrong with it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rivya_bridge.automation.cell_files import CellFiles
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.services import check_studio_run
from rivya_bridge.files.services import Looked, look_at
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.rivya import Model
from rivya_bridge.sharing.bulk.columns import PARAM
from rivya_bridge.sharing.bulk.sources import Source
from rivya_bridge.sharing.bulk.tables import RawRun
from rivya_bridge.sharing.models import Staged
from rivya_bridge.sharing.progress import Progress
from rivya_bridge.web.json_body import read_json

FILE_COLUMNS = ("results", "references")
TEXT_COLUMNS = ("prompt", "result_text", "note")
MOST_PROBLEMS = 12


@dataclass(frozen=True, slots=True)
class FileFact:
    """One file of a row: a `member` of the source, or a `file` of the vault by its id."""

    name: str
    kind: str
    size_bytes: int
    sha256: str
    member: str = ""
    file: str = ""


@dataclass(slots=True)
class Row:
    """`facts` are JSON: the fields of `record_studio_run`, files as FileFact, `line`, and `parent` (the
    position of an earlier row) or `parent_run` (an id)."""

    position: int
    facts: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """Equal rows make equal runs: what was asked for, and what came of it."""
        facts = self.facts
        hashes = [[one["sha256"] for one in facts.get(name, ())] for name in FILE_COLUMNS]
        return fingerprint(
            facts.get("model_id", ""),
            facts.get("prompt", ""),
            facts.get("params", {}),
            facts.get("result_text", ""),
            *hashes,
        )


def fingerprint(
    model_id: str,
    prompt: str,
    params: Mapping[str, Any],
    result_text: str,
    results: Sequence[str],
    references: Sequence[str],
) -> str:
    """Names one run by what was asked for and what came of it; files by their SHA-256."""
    parts = [model_id, prompt, params, result_text, list(results), list(references)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class RowReader:
    """Turns raw rows into checked ones; every file is looked at once."""

    def __init__(
        self,
        experiment: Experiment,
        source: Source,
        defaults: Mapping[str, str],
        progress: Progress,
    ) -> None:
        self._progress = progress
        self._experiment = experiment
        self._source = source
        self._defaults = defaults
        self._vault = CellFiles()
        self._looked: dict[str, Looked | Refusal] = {}
        self._models: dict[str, Model | Refusal] = {}
        self._keys: dict[str, int] = {}
        self._numbers = dict(Run.objects.filter(experiment=experiment).values_list("number", "pk"))

    def read(self, raws: Sequence[RawRun]) -> list[Row]:
        """All rows in order, good and bad."""
        self._vault.load(
            word
            for raw in raws
            for name in FILE_COLUMNS
            for word in _words(raw.cells.get(name))
            if word not in self._source.sizes
        )
        self._progress.begin(Staged.Stage.ROWS, len(raws))
        rows = []
        for position, raw in enumerate(raws):
            rows.append(self._row(position, raw))
            self._progress.step()
        return rows

    def _row(self, position: int, raw: RawRun) -> Row:
        row = Row(position, {"line": raw.line}, list(raw.problems))
        cells = {name: _plain(value) for name, value in raw.cells.items()}
        given = self._given(row, cells)
        row.facts |= given | {
            name: [asdict(one) for one in self._files(row, name, cells.get(name))]
            for name in FILE_COLUMNS
        }
        self._lineage(row, cells)
        if not row.problems:
            self._check(row)
        key = str(cells.get("key") or "")
        if key in self._keys:
            text = f"The key {key[:60]!r} stands in an earlier row too: give each row its own."
            row.problems.append(Problem("key", text))
        elif key:
            self._keys[key] = position
        del row.problems[MOST_PROBLEMS:]
        return row

    def _given(self, row: Row, cells: Mapping[str, Any]) -> dict[str, Any]:
        """Everything but files and lineage, in the words of `record_studio_run`."""
        model_id = str(cells.get("model") or self._defaults.get("model", ""))
        given: dict[str, Any] = {"model_id": model_id}
        for name in TEXT_COLUMNS:
            value = cells.get(name)
            given[name] = "" if value is None else value
        given["prompt"] = given["prompt"] or self._defaults.get("prompt", "")
        for name, read in (("credits", _whole), ("duration_seconds", _number), ("rating", _whole)):
            given[name] = read(cells.get(name))
        verdict = cells.get("verdict")
        given["verdict"] = verdict.strip().lower() if isinstance(verdict, str) else verdict or ""
        given["params"] = self._params(row, model_id, cells)
        return given

    # --- Params -----------------------------------------------------------------------------------

    def _params(self, row: Row, model_id: str, cells: Mapping[str, Any]) -> dict[str, Any]:
        whole = cells.get("params")
        if isinstance(whole, str):
            whole = _json_object(row, whole)
        if whole is not None and not isinstance(whole, Mapping):
            text = 'params must be an object in JSON, such as {"resolution": "2K"}.'
            row.problems.append(Problem("params", text))
            whole = None
        params = dict(whole or {})
        types = self._types(row, model_id)
        for name, value in cells.items():
            if name.startswith(PARAM) and value not in (None, ""):
                key = name.removeprefix(PARAM)
                params[key] = _number(value) if types.get(key) == "number" else value
        return params

    def _types(self, row: Row, model_id: str) -> dict[str, str]:
        """The types of the model's params by key; an unknown model is a problem of the row."""
        if model_id not in self._models:
            try:
                if not model_id:
                    text = "model is empty: give a model id, or choose one for all rows."
                    raise Refusal.field("model", text)
                self._models[model_id] = get_model(model_id)
            except Refusal as refusal:
                self._models[model_id] = refusal
        model = self._models[model_id]
        if isinstance(model, Refusal):
            row.problems.extend(model.problems)
            return {}
        return {param.key.lower(): param.type for param in model.params}

    # --- Files ------------------------------------------------------------------------------------

    def _files(self, row: Row, column: str, cell: Any) -> list[FileFact]:
        found = []
        for word in _words(cell):
            fact = (
                self._member(row, column, word)
                if word in self._source.sizes
                else self._kept(row, column, word)
            )
            if fact:
                found.append(fact)
        return found

    def _member(self, row: Row, column: str, name: str) -> FileFact | None:
        if name not in self._looked:
            try:
                with self._source.open(name) as stream:
                    watched = self._progress.watched(stream)
                    self._looked[name] = look_at(watched, name, field="file")
            except Refusal as refusal:
                self._looked[name] = refusal
        looked = self._looked[name]
        if isinstance(looked, Refusal):
            row.problems.append(Problem(column, looked.message))
            return None
        return FileFact(looked.name, looked.kind, looked.size_bytes, looked.sha256, member=name)

    def _kept(self, row: Row, column: str, word: str) -> FileFact | None:
        problems: list[Problem] = []
        ids = self._vault.to_ids(problems, {column: word}, [column])
        if problems:
            text = (
                f"{word[:80]!r} is neither in what was sent nor the one file of the vault so named."
            )
            row.problems.append(Problem(column, text))
            return None
        file = self._vault.by_id[ids[column]]
        return FileFact(file.name, file.kind, file.size_bytes, file.sha256, file=str(file.pk))

    # --- Lineage and the whole --------------------------------------------------------------------

    def _lineage(self, row: Row, cells: Mapping[str, Any]) -> None:
        word = str(cells.get("continues_from") or "").strip()
        if not word:
            return
        if word in self._keys:
            row.facts["parent"] = self._keys[word]
            return
        number = word.removeprefix("#")
        known = self._numbers.get(int(number)) if number.isascii() and number.isdigit() else None
        if known is None:
            text = (
                f"continues_from is {word[:60]!r}: give the key of an earlier row, or # and the "
                "number of a run of this experiment."
            )
            row.problems.append(Problem("continues_from", text))
            return
        row.facts["parent_run"] = str(known)

    def _check(self, row: Row) -> None:
        given = {name: value for name, value in row.facts.items() if name not in NOT_GIVEN}
        try:
            checked = check_studio_run(self._experiment, **given, continues_from=None)
        except Refusal as refusal:
            row.problems.extend(refusal.problems)
            return
        for name in (*TEXT_COLUMNS, "rating", "verdict", "params"):
            row.facts[name] = checked[name]


NOT_GIVEN = ("line", "parent", "parent_run")


def _plain(value: Any) -> Any:
    """A cell without the white space around it; an empty one is None. Texts within keep theirs."""
    if isinstance(value, str):
        return value.strip() or None
    return value


def _words(cell: Any) -> list[str]:
    """The files that a cell names."""
    if isinstance(cell, list):
        return [str(word).strip() for word in cell if str(word).strip()]
    if not isinstance(cell, str):
        return []
    words = cell.replace("\n", "|").split("|")
    return [word.strip().removeprefix("./") for word in words if word.strip()]


def _whole(value: Any) -> Any:
    """A whole number where the text is one, else the value itself, which the check then names."""
    if isinstance(value, str) and value.lstrip("+").isascii() and value.lstrip("+").isdigit():
        return int(value) if len(value) < 12 else value
    return value


def _number(value: Any) -> Any:
    whole = _whole(value)
    if whole is not value or not isinstance(value, str):
        return whole
    try:
        number = float(value)
    except ValueError:
        return value
    return number if abs(number) < 1e12 else value


def _json_object(row: Row, text: str) -> Any:
    try:
        return read_json(text.encode("utf-8", "surrogatepass"))
    except Refusal as refusal:
        message = refusal.message.replace("The body", "params").partition(" Send it")[0]
        row.problems.append(Problem("params", message))
        return None
