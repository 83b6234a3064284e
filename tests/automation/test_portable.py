"""Template files: what is exported comes back equal, and whatever else comes is refused by name."""

import json
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from rivya_bridge.automation.models import JobTemplate, TemplateVersion
from rivya_bridge.automation.portable.documents import read_document, write_yaml
from rivya_bridge.automation.portable.template_files import (
    is_same_content,
    read_template_file,
    schema,
    version_document,
    write_version,
)
from rivya_bridge.automation.services import import_template
from rivya_bridge.refusals import Conflict, Refusal
from tests.automation.making import make_template
from tests.experiments.factories import make_file

pytestmark = pytest.mark.usefixtures("models")
TOLD = ("prompt", "variables", "fixed_params", "exposed_params", "file_slots", "expected")


@pytest.fixture
def version(models):
    photo = {"name": "photo", "kind": "image", "default_file": str(make_file().pk)}
    return make_template(
        prompt="A {{ subject }}: on 'slate',\n\n  no & * ! yes\n{% if warm %}warm{% endif %}",
        variables=[
            {"name": "subject", "default": "no", "max_length": 20},
            {"name": "warm", "type": "boolean", "default": True},
        ],
        file_slots=[photo],
    ).current_version


def changed(version: TemplateVersion, **changes) -> bytes:
    """The file with some keys changed, by dotted path with double underscores."""
    document = json.loads(json.dumps(version_document(version)))
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = document
        for part in parents:
            place = place[int(part) if part.isdigit() else part]
        place[last] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize("kind", ["yaml", "json"])
def test_it_works(version, kind):
    raw = write_version(version, kind).encode().replace(b"slug: banner", b"slug: again")
    raw = raw.replace(b'"slug": "banner"', b'"slug": "again"')
    made = import_template(raw, author="ann")
    assert (made.template.slug, made.number, made.author) == ("again", 1, "ann")
    assert [getattr(made, name) for name in TOLD] == [getattr(version, name) for name in TOLD]
    assert is_same_content(version, read_template_file(raw).draft)


def test_a_file_of_a_template_that_is_there_is_its_next_version(version):
    made = import_template(changed(version, version__credit_cap=50))
    assert (made.template_id, made.number, made.credit_cap) == (version.template_id, 2, 50)
    with pytest.raises(Conflict, match="exactly this content"):
        import_template(changed(version, version__credit_cap=50))


def test_the_schema_is_one_and_holds_what_is_exported(version, signed_in_client):
    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema()).validate(version_document(version))
    assert signed_in_client.get("/schemas/job-template.json").json() == schema()


SCALARS = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), max_size=40
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text("abn1~:# -", min_size=1), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=300)
@given(value=VALUES)
def test_yaml_gives_back_what_was_written(value):
    assert read_document(write_yaml([value]).encode()) == [value]


@pytest.mark.parametrize(
    "text", ["no", "1e3", "12:30:00", "2026-01-01", "~", "0x1f", "1_000", "=", "<<"]
)
def test_a_text_that_other_readers_take_for_something_else_stays_a_text(text):
    assert read_document(write_yaml({"a": text}).encode()) == {"a": text}
    assert yaml.safe_load(write_yaml({"a": text})) == {"a": text}


BOMB = "a: &a [x, x, x, x]\n" + "\n".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]" for n in range(12)
)


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        (BOMB.encode(), "file", "anchors and aliases"),
        (b"a: !!python/object/apply:os.system ['true']", "file", "tags such as"),
        (b"a: !!binary aGk=", "file", "tags such as"),
        (b"x" * 300_000, "file", "262,144"),
        (b"[" * 5_000, "file", "deeper than 20"),
        (b'{"a":' * 5_000, "file", "32 levels"),
        (b"- a\n" * 20_000, "file", "10,000 values"),
        (b"a: 1\na: 2", "file", "stands twice"),
        (b"1: 2", "file", "is no text"),
        (b"a: [1", "file", "no YAML"),
        (b"\xff\xfe\x00", "file", "UTF-8"),
        (b"a: \x07", "file", "no YAML"),
        (b"", "format", "no template file"),
        (b"hello", "format", "no template file"),
        (b'{"format": "other"}', "format", "no template file"),
        (b"format: rivya-bridge/job-template\nformat_version: 2", "format_version", "reads version 1"),
        (b"format: rivya-bridge/job-template\nformat_version: '1'", "format_version", "reads version 1"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_by_name(models, raw, field, words):
    with pytest.raises(Refusal) as refused:
        import_template(raw)
    [problem] = refused.value.problems
    assert problem.field == field
    assert words in problem.message
    assert JobTemplate.objects.count() == 0


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("version__model", "no-such-model", "version.model"),
        ("version__credit_cap", 0, "version.credit_cap"),
        ("version__credit_cap", "many", "version.credit_cap"),
        ("version__prompt", "x" * 20_001, "version.prompt"),
        ("version__prompt", "{{ other }}", "version.prompt"),
        ("version__prompt", "{{ ''.__class__ }}", "version.prompt"),
        ("version__variables__0__name", "Not A Name", "version.variables[0].name"),
        ("version__variables__0__max_length", 29_999, "version.variables[0].max_length"),
        ("version__variables__0__default", "y" * 21, "version.variables[0].default"),
        ("version__fixed_params", {"resolution": "9K"}, "version.params.resolution"),
        ("version__file_slots__0__kind", "audio", "version.file_slots[0].kind"),
        ("version__file_slots__0__default_file__sha256", "0" * 64, "version.file_slots[0].default_file"),
        ("version__extra", 1, "version"),
        ("template__slug", "../etc", "template.slug"),
        ("template__name", "", "template.name"),
    ],
)  # fmt: skip
def test_a_field_that_does_not_fit_is_named(version, path, value, field):
    with pytest.raises(Refusal) as refused:
        import_template(changed(version, **{path: value}))
    assert field in {problem.field for problem in refused.value.problems}
    assert TemplateVersion.objects.count() == 1


def test_the_page_shows_first_what_it_would_make(version, signed_in_client):
    text = changed(
        version, template__slug="again", version__prompt="A {{ subject }}{% if warm %}!{% endif %}"
    )
    form = {"text": text.decode()}
    shown = signed_in_client.post("/import-template/", form | {"check": "1"})
    assert "would be a new template" in shown.content.decode()
    assert JobTemplate.objects.count() == 1
    signed_in_client.post("/import-template/", form | {"import": "1"})
    assert JobTemplate.objects.get(slug="again").current_version.author == "browser"
    bad = {"text": changed(version, version__credit_cap=0).decode()}
    page = signed_in_client.post("/import-template/", bad | {"check": "1"})
    assert page.status_code == 422 and "version.credit_cap" in page.content.decode()


def test_a_download_is_a_file(version, signed_in_client):
    answer = signed_in_client.get("/templates/banner/versions/1/export.yaml")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="banner-v1.yaml"'
    assert read_document(answer.content) == version_document(version)
    assert signed_in_client.get("/templates/banner/versions/1/export.exe").status_code == 404


def test_the_commands(version, tmp_path: Path, capsys):
    file = tmp_path / "banner.yaml"
    call_command("export_template", "banner", output=file)
    file.write_text(file.read_text().replace("slug: banner", "slug: again"))
    call_command("import_template", str(file), check=True)
    assert JobTemplate.objects.count() == 1
    call_command("import_template", str(file))
    assert capsys.readouterr().out.splitlines()[-1] == "again version 1"
    file.write_text(file.read_text().replace("credit_cap: 100", "credit_cap: 0"))
    with pytest.raises(CommandError, match=r"version\.credit_cap"):
        call_command("import_template", str(file))
    with pytest.raises(CommandError, match="no label 'x'"):
        call_command("export_template", "banner", label="x")
