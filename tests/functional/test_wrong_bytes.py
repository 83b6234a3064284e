"""Wrong bytes in every upload field: a sentence that names it, and nothing of it is kept."""

import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from rivya_bridge.automation.forms import JobForm
from rivya_bridge.automation.inputs import input_specs
from rivya_bridge.automation.models import Batch, Job, JobTemplate, Schedule
from rivya_bridge.catalog.models import CatalogRefresh
from rivya_bridge.connection import current_connection
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.promotion.services import promote_run
from rivya_bridge.refusals import Refusal
from rivya_bridge.sharing.models import Staged
from rivya_bridge.tasks.models import Task
from tests.experiments.factories import add_models, finish, make_experiment, make_file, start
from tests.sharing.making import make_zip, noise, png

pytestmark = pytest.mark.django_db

COUNTED: tuple[type[Model], ...] = (
    StoredFile, Run, Task, Job, Batch, Schedule, JobTemplate, Experiment, Staged,
)  # fmt: skip
MEDIA, TABLE, RUNS, EXPERIMENT, TEMPLATE = "media", "table", "runs", "experiment", "template"


# --- Bytes ------------------------------------------------------------------------------------------


def picture_bomb() -> bytes:
    """A PNG of 30,000 by 30,000 points in some kilobytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    packer = zlib.compressobj(9)
    line = bytes(1 + 30_000 // 8)
    body = b"".join(packer.compress(line) for _ in range(30_000)) + packer.flush()
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
    return start + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def slip() -> bytes:
    return make_zip({"xx/xx/x.png": png()}).replace(b"xx/xx/x", b"../../x")


def zip_bomb() -> bytes:
    return make_zip({"manifest.json": bytes(40_000_000), "runs.csv": bytes(40_000_000)})


def declares_3_gb() -> bytes:
    content = bytearray(make_zip({"manifest.json": b"{}"}, zipfile.ZIP_STORED))
    place = content.rindex(b"PK\x01\x02") + 24
    content[place : place + 4] = (3 * 2**30).to_bytes(4, "little")
    return bytes(content)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
WRONG: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "a truncated picture": lambda: noise(1, (400, 300))[:2000],
    "a page with a picture's name": lambda: b"<!doctype html><script>alert(1)</script>",
    "a GIF that is a script": lambda: b"GIF89a/*" + bytes(200) + b"*/=1;alert(1)//",
    "a picture that is a ZIP too": lambda: b"\xff\xd8\xff\xe0" + make_zip({"a": b"a"}),
    "an SVG with a script": lambda: SVG,
    "a picture bomb": picture_bomb,
    "a gzip bomb": lambda: gzip.compress(bytes(50_000_000)),
    "a ZIP bomb": zip_bomb,
    "a ZIP that leads out": slip,
    "a ZIP that declares 3 GB": declares_3_gb,
    "random bytes": lambda: b"\x93\xfe" + bytes(range(256)) * 40,
}
_made: dict[str, bytes] = {}


def wrong(name: str) -> bytes:
    """Each is made once: bombs take a moment to pack."""
    if name not in _made:
        _made[name] = WRONG[name]()
    return _made[name]


# --- Fields -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """`name` in the form, `label` as people read it; `more` is what the form needs besides. With a
    `content_type` the bytes are the body itself."""

    address: str
    name: str
    label: str
    takes: str
    file_name: str
    more: dict[str, str]
    is_api: bool = False
    content_type: str = ""


BATCHES = "/api/v1/templates/banner/batches"
FIELDS = {
    "the vault": Field("/files/upload/", "files", "x", MEDIA, "x.png", {}),
    "a file of a form being filled in": Field(
        "/files/keep/", "file", "x", MEDIA, "x.png", {"name": "results"}
    ),
    "results of a Studio run": Field(
        "/experiments/{experiment}/record/", "results", "Results", MEDIA, "x.png",
        {"model": "z-image", "prompt": "A"},
    ),
    "references of a Studio run": Field(
        "/experiments/{experiment}/record/", "references", "Reference files", MEDIA, "x.png",
        {"model": "flux-2-pro", "prompt": "A", "result_text": "a"},
    ),
    "references of an API run": Field(
        "/experiments/{experiment}/run/", "references", "Reference files", MEDIA, "x.jpg",
        {"model": "flux-2-pro", "prompt": "A"},
    ),
    "references shown as code": Field(
        "/experiments/{experiment}/run/", "references", "Reference files", MEDIA, "x.jpg",
        {"model": "flux-2-pro", "prompt": "A", "code": "1"},
    ),
    "references of a sweep": Field(
        "/experiments/{experiment}/sweep/", "references", "x", MEDIA, "x.png",
        {"models": "flux-2-pro", "prompt": "A"},
    ),
    "a slot of a job": Field("/templates/banner/", "{slot}", "{label}", MEDIA, "x.mp4", {}),
    "a slot of a job that is checked": Field(
        "/templates/banner/", "{slot}", "{label}", MEDIA, "x.mp3", {"check": "1"}
    ),
    "a slot of a schedule": Field(
        "/templates/banner/schedules/", "input-{slot}", "{label}", MEDIA, "x.webp",
        {
            "name": "Daily", "cron": "0 9 * * *", "zone": "UTC", "overlap": "skip",
            "catch_up": "skip", "catch_up_limit": "10",
        },
    ),
    "the table of a batch": Field(
        "/templates/banner/batches/", "file", "Table", TABLE, "x.csv", {"concurrency": "4"}
    ),
    "a template file": Field(
        "/import-template/", "file", "Template file", TEMPLATE, "x.yaml", {"check": "1"}
    ),
    "runs to import": Field(
        "/experiments/{experiment}/import/", "file", "ZIP or table", RUNS, "x.zip", {}
    ),
    "a table of runs to import": Field(
        "/experiments/{experiment}/import/", "file", "ZIP or table", RUNS, "x.csv", {}
    ),
    "an experiment to import": Field(
        "/experiments/import/", "file", "Experiment as ZIP", EXPERIMENT, "x.zip", {}
    ),
    "a file of the HTTP API": Field(
        "/api/v1/files", "file", "file", MEDIA, "x.png", {}, is_api=True
    ),
    "runs by the HTTP API": Field(
        "/api/v1/experiments/{experiment}/runs/import", "file", "file", RUNS, "x.zip", {},
        is_api=True,
    ),
    "an experiment by the HTTP API": Field(
        "/api/v1/experiments/import", "file", "file", EXPERIMENT, "x.zip", {}, is_api=True
    ),
    "the table of a batch by the HTTP API": Field(
        BATCHES, "file", "file", TABLE, "rows", {}, is_api=True, content_type="text/csv"
    ),
    "the lines of a batch by the HTTP API": Field(
        BATCHES, "file", "file", TABLE, "rows", {}, is_api=True,
        content_type="application/x-ndjson",
    ),
    "the rows of a batch by the HTTP API": Field(
        BATCHES, "body", "body", TABLE, "rows", {}, is_api=True, content_type="application/json"
    ),
}  # fmt: skip


@dataclass
class Place:
    experiment: Experiment
    slot: str
    label: str

    def fill(self, text: str) -> str:
        return text.format(experiment=self.experiment.pk, slot=self.slot, label=self.label)


@pytest.fixture
def place(db: None, no_bell: None) -> Place:
    """An experiment, and a template that takes a reference."""
    add_models("z-image", "flux-2-pro")
    now = timezone.now()
    CatalogRefresh.objects.update_or_create(
        account=current_connection().account,
        defaults={"refreshed_at": now, "tried_at": now, "model_count": 2},
    )
    experiment = make_experiment()
    run = start(experiment, model_id="flux-2-pro", references=[make_file("ref.png")])
    finish(run.task, make_file())
    version = promote_run(
        Run.objects.get(pk=run.pk), name="Banner", slug="banner", description="", prompt="A bottle on slate",
        variables=[], exposed_params=[],
    )  # fmt: skip
    [slot] = version.file_slots
    return Place(experiment, slot["name"], slot.get("label") or slot["name"])


def everything(data_dir: Path) -> tuple[Any, ...]:
    """Rows of every table that an upload may write, and every file of the vault and of imports."""
    rows = tuple(model._default_manager.count() for model in COUNTED)
    folders = (data_dir / "files", data_dir / "imports")
    files = sorted(
        str(one.relative_to(data_dir)) for f in folders for one in f.rglob("*") if one.is_file()
    )
    return rows, files


def is_tried(field: Field, bad: str) -> bool:
    """Text is a legal beginning of a template; its own problems are told elsewhere."""
    return not (field.takes == TEMPLATE and bad == "empty")


CASES = [(field, bad) for field in FIELDS for bad in WRONG if is_tried(FIELDS[field], bad)]


@pytest.mark.parametrize(("field", "bad"), CASES, ids=[f"{f}: {b}" for f, b in CASES])
def test_wrong_bytes_are_refused_in_words_and_leave_nothing_behind(
    place: Place, signed_in_client: Any, api_client: Any, data_dir: Path, field: str, bad: str
) -> None:
    one = FIELDS[field]
    before = everything(data_dir)
    answer = send(place, api_client if one.is_api else signed_in_client, one, wrong(bad))
    assert answer.status_code in (400, 422) or answer.redirect_chain
    text = unescape(re.sub(r"\s+", " ", answer.content.decode()))
    told = refusals(text, one, answer)
    assert told, "no sentence says what is wrong"
    names = (place.fill(one.label).lower(), one.file_name)
    assert any(name in line.lower() for line in told for name in names), told
    assert everything(data_dir) == before


def send(place: Place, client: Any, field: Field, content: bytes) -> Any:
    if field.content_type:
        # An empty body has its type too, which this client would leave out.
        kind = field.content_type
        return client.generic("POST", field.address, content, kind, CONTENT_TYPE=kind)
    file = io.BytesIO(content)
    file.name = field.file_name
    given = {**field.more, place.fill(field.name): file}
    return client.post(place.fill(field.address), given, follow=True)


def refusals(text: str, field: Field, answer: Any) -> list[str]:
    """The sentences that the answer shows as errors, with the field that they stand at."""
    if field.is_api:
        error = answer.json()["error"]
        return [f"{one['field']}: {one['message']}" for one in error["fields"]]
    parts = re.findall(r'<div class="callout"[^>]*data-kind="error".*?</div>\s*</div>', text)
    parts += re.findall(r'<div class="field-error".*?</div>', text)
    parts += re.findall(r'<p class="field-error">.*?</p>', text)
    parts += re.findall(r'data-kind="error"[^>]*>.*?</', text)
    plain = [re.sub(r"<[^>]+>", " ", part) for part in parts]
    return [line for line in plain if len(line.split()) > 3]


@pytest.mark.parametrize("field", FIELDS)
def test_3_gb_are_refused_before_a_byte_is_read(
    place: Place, signed_in_client: Any, api_client: Any, data_dir: Path, field: str
) -> None:
    one = FIELDS[field]
    client = api_client if one.is_api else signed_in_client
    before = everything(data_dir)
    answer = client.generic(
        "POST", place.fill(one.address), b"--x",
        one.content_type or "multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(3 * 2**30),
    )  # fmt: skip
    assert answer.status_code == 413
    assert "3,072 MB" in answer.content.decode()
    assert "Nothing was received or kept" in answer.content.decode()
    assert everything(data_dir) == before


CSV, LINES, JSON = "text/csv", "application/x-ndjson", "application/json"
TABLES: dict[str, tuple[str, Callable[[str], bytes], str]] = {
    "CSV that ends in a quoted text": (CSV, lambda slot: f'{slot}\n"a'.encode(), "near line 2"),
    "CSV without a row": (CSV, lambda slot: f"{slot}\n".encode(), "no rows"),
    "a line without an end": (
        CSV, lambda slot: f"{slot}\n".encode() + b"a" * 300_000, "longer than 200,000 characters",
    ),
    "a row of many cells": (CSV, lambda slot: f"{slot}\n".encode() + b"a," * 90_000, "cells"),
    "CSV of 33 MB": (CSV, lambda slot: f"{slot}\n".encode() + b"\n" * 33 * 2**20, "32 MB"),
    "JSON Lines that end in the middle": (LINES, lambda slot: b'{"a": ', "no JSON"),
    "JSON Lines of lists": (LINES, lambda slot: b"[1]\n[2]\n", "give an object of inputs"),
    "JSON that ends in the middle": (JSON, lambda slot: b'{"rows": [{"a": "b"', "no JSON"),
    "JSON that nests deep": (
        JSON, lambda slot: b'{"rows": [' + b"[" * 100_000, "nests deeper than 32 levels",
    ),
    "JSON with an endless number": (JSON, lambda slot: b'{"rows": [' + b"9" * 9_999, "no JSON"),
    "JSON of 5 MB": (JSON, lambda slot: b'{"rows": [' + b" " * 5 * 2**20, "larger than 4 MB"),
    "JSON without rows": (JSON, lambda slot: b"[]", "The body must be"),
    "a picture that is called one": ("image/png", lambda slot: noise(3), "Content-Type is"),
    "a form with a file": (
        "multipart/form-data; boundary=x",
        lambda slot: b'--x\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\na'
        b"\r\n--x--\r\n",
        "Content-Type is",
    ),
    "no type at all": ("", lambda slot: b"a", "Content-Type is"),
}  # fmt: skip


@pytest.mark.parametrize("dry_run", ["", "?dry_run=1"], ids=["start", "dry run"])
@pytest.mark.parametrize("bad", TABLES)
def test_a_body_that_is_no_table_is_refused_in_words_and_leaves_nothing_behind(
    place: Place, api_client: Any, data_dir: Path, bad: str, dry_run: str
) -> None:
    content_type, make, words = TABLES[bad]
    before = everything(data_dir)
    answer = api_client.post(BATCHES + dry_run, make(place.slot), content_type=content_type)
    if answer.status_code == 200:  # a dry run tells of rows that do not fit, and is no error
        told = answer.json()
        assert not told["ok"]
        assert words in str([told["problems"], told["error"]])
    else:
        assert answer.status_code in (400, 422)
        error = answer.json()["error"]
        assert words in str(error["fields"]), error
    assert everything(data_dir) == before


def test_a_good_file_beside_a_bad_one_stays_in_the_form(
    place: Place, signed_in_client: Any, data_dir: Path
) -> None:
    """It is kept whole and shown, so that nobody sends it again; of the other nothing is left."""
    files, runs = set(StoredFile.objects.all()), Run.objects.count()
    good, bad = io.BytesIO(noise(5)), io.BytesIO(b"<html>")
    good.name, bad.name = "good.png", "bad.png"
    where = reverse("experiments:record", args=[place.experiment.pk])
    given = {"model": "flux-2-pro", "prompt": "A", "results": good, "references": bad}
    answer = signed_in_client.post(where, given)
    assert answer.status_code == 422
    told = answer.content.decode()
    assert "bad.png: The file is a web page" in told
    [kept] = set(StoredFile.objects.all()) - files
    assert kept.name == "good.png" and str(kept.pk) in told
    assert Run.objects.count() == runs
    given = {"model": "flux-2-pro", "prompt": "A", "results_kept": str(kept.pk)}
    assert signed_in_client.post(where, given).status_code == 302
    assert Run.objects.count() == runs + 1


def test_a_picture_in_a_slot_for_another_kind_is_not_kept(place: Place, data_dir: Path) -> None:
    version = JobTemplate.objects.get(slug="banner").current_version
    assert version is not None
    specs = [replace(spec, kind="video") for spec in input_specs(version) if spec.kind]
    before = everything(data_dir)
    form = JobForm(specs, {}, {place.slot: SimpleUploadedFile("x.mp4", noise(6))})
    assert form.is_valid()
    with pytest.raises(Refusal, match=r"takes files of kind video; x\.mp4 is of kind image"):
        form.to_inputs()
    assert everything(data_dir) == before


def test_every_upload_field_of_the_product_is_in_the_table() -> None:
    """A new form with a file field has to be tried here too."""
    import ast

    root = Path(__file__).resolve().parents[2] / "rivya_bridge"
    found = set()
    for path in root.rglob("*.py"):
        if path.is_relative_to(root / "sandbox") or path.is_relative_to(root / "rivya"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_files = isinstance(node, ast.Attribute) and node.attr in ("FILES", "FileField")
            is_named = isinstance(node, ast.Name) and node.id in ("ManyFilesField", "UploadedFile")
            if is_files or is_named:
                found.add(path.relative_to(root).as_posix())
    assert found == {
        "automation/batch_forms.py",
        "automation/forms.py",
        "automation/views/batches.py",
        "automation/views/jobs.py",
        "automation/views/portable.py",
        "automation/views/schedules.py",
        "experiments/forms.py",
        "experiments/views/run_page.py",
        "files/api.py",
        "files/forms.py",
        "files/views/vault.py",
        "sharing/api.py",
        "sharing/forms.py",
        "sharing/views/bulk.py",
        "sharing/views/experiments.py",
        "sweeps/forms.py",
        "sweeps/views/start.py",
    }
