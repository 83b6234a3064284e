"""Many runs at once."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Conflict, Refusal
from rivya_bridge.sharing.bulk.tables import MAX_ROWS
from rivya_bridge.sharing.models import Staged
from rivya_bridge.sharing.staging import expire_staged, path_of
from tests.experiments.factories import make_experiment, record
from tests.sharing.conftest import import_runs, keep, stage_runs
from tests.sharing.making import make_zip, noise, png

pytestmark = pytest.mark.django_db

TABLE = """key,model,prompt,param.resolution,results,references,credits,rating,verdict,note,continues_from
one,flux-2-pro,A bottle,2K,a.png|b.png,ref.png,6,5,accepted,"Good, so far",
two,,"=HYPERLINK(""http://x"")",,c.png,,,,,,one
"""


@pytest.fixture
def experiment(models: None) -> Experiment:
    return make_experiment()


def stage(experiment: Experiment, content: bytes, name: str = "runs.zip", **given: str) -> Staged:
    return stage_runs(experiment, io.BytesIO(content), name, **given)


def zipped(**more: bytes) -> bytes:
    members = {f"{name}.png": noise(n) for n, name in enumerate(("a", "b", "c", "ref"))}
    return make_zip({"runs.csv": TABLE.encode(), **members, **more})


def test_it_works(experiment: Experiment) -> None:
    staged = stage(experiment, zipped(), model="z-image")
    assert not Run.objects.exists() and not StoredFile.objects.exists()
    import_runs(staged)
    first, second = Run.objects.order_by("number")
    assert (first.model_id, first.prompt, first.params) == (
        "flux-2-pro", "A bottle", {"resolution": "2K"},
    )  # fmt: skip
    assert [row.file.name for row in first.results.all()] == ["a.png", "b.png"]
    assert [row.file.name for row in first.references.all()] == ["ref.png"]
    assert (first.studio_credits, first.rating, first.verdict, first.note) == (
        6, 5, "accepted", "Good, so far",
    )  # fmt: skip
    assert second.model_id == "z-image"
    assert second.prompt == '=HYPERLINK("http://x")'
    assert second.continues_from == first
    assert not path_of(staged).exists()


@pytest.mark.parametrize("kind", ["json", "jsonl", "wrapped"])
def test_json_says_the_same_as_csv(experiment: Experiment, kind: str) -> None:
    rows = [
        {
            "model": "flux-2-pro",
            "prompt": "A",
            "params": {"resolution": "2K"},
            "results": ["a.png"],
        },
        {
            "model": "gpt-5-2-chat",
            "prompt": "B",
            "result_text": "Slate.",
            "credits": 2,
            "rating": 3,
        },
    ]
    text = {
        "json": json.dumps(rows),
        "wrapped": json.dumps({"runs": rows}),
        "jsonl": "\n".join(json.dumps(row) for row in rows),
    }[kind]
    name = "runs.jsonl" if kind == "jsonl" else "runs.json"
    staged = stage(experiment, make_zip({name: b"\xef\xbb\xbf" + text.encode(), "a.png": png()}))
    import_runs(staged)
    first, second = Run.objects.order_by("number")
    assert first.params == {"resolution": "2K"} and first.results.count() == 1
    assert (second.result_text, second.studio_credits, second.rating) == ("Slate.", 2, 3)


def test_files_alone_are_runs_and_folders_are_runs_with_many(experiment: Experiment) -> None:
    content = make_zip(
        {
            "take/bottle.png": noise(1),
            "take/bottle.txt": "A bottle\n".encode("utf-8-sig"),
            "take/pair/1.png": noise(2),
            "take/pair/2.png": noise(3),
            "take/pair/prompt.txt": b"A pair",
            "take/pair/references/r.png": noise(4),
            "__MACOSX/take/._bottle.png": b"junk",
            "take/.DS_Store": b"junk",
        }
    )
    import_runs(stage(experiment, content, model="flux-2-pro", prompt="Else"))
    runs = {run.prompt: run for run in Run.objects.all()}
    assert set(runs) == {"A bottle", "A pair"}
    assert (runs["A pair"].results.count(), runs["A pair"].references.count()) == (2, 1)


def test_a_table_alone_may_name_files_of_the_vault(experiment: Experiment) -> None:
    file = keep(noise(9), "kept.png")
    table = f"model,prompt,results\nz-image,A,{file.sha256}\nz-image,B,kept.png\nz-image,C,no.png\n"
    staged = stage(experiment, table.encode(), "runs.csv")
    problems = [row.problems for row in staged.rows.all()]
    assert problems[:2] == [[], []]
    assert "'no.png' is neither in what was sent" in problems[2][0]["message"]


def test_confirming_again_gives_the_same_runs_and_another_choice_is_refused(
    experiment: Experiment,
) -> None:
    staged = stage(experiment, zipped(), model="z-image")
    import_runs(staged, [0])
    import_runs(Staged.objects.get(pk=staged.pk), [0])
    import_runs(Staged.objects.get(pk=staged.pk))
    assert Run.objects.count() == 1
    with pytest.raises(Conflict, match="Another choice"):
        import_runs(Staged.objects.get(pk=staged.pk), [0, 1])


def test_what_was_cut_off_while_importing_goes_on_without_repeating(experiment: Experiment) -> None:
    staged = stage(experiment, zipped(), model="z-image")
    Staged.objects.filter(pk=staged.pk).update(status="importing", chosen=[0, 1])
    import_runs(Staged.objects.get(pk=staged.pk))
    assert Run.objects.count() == 2


def test_rows_that_are_there_already_are_marked_and_not_chosen(experiment: Experiment) -> None:
    import_runs(stage(experiment, zipped(), model="z-image"))
    again = stage(experiment, zipped(), model="z-image")
    assert [row.twin.number for row in again.rows.all()] == [1, 2]
    with pytest.raises(Refusal, match="No row is chosen"):
        import_runs(again)
    import_runs(again, [1])
    assert Run.objects.count() == 3
    assert Run.objects.get(number=3).continues_from == Run.objects.get(number=1)


def test_a_row_that_stands_twice_is_recorded_once(experiment: Experiment) -> None:
    row = {"model": "z-image", "prompt": "A", "result_text": "same"}
    staged = stage(experiment, json.dumps([row, row]).encode(), "runs.json")
    assert [row.facts.get("double_of") for row in staged.rows.all()] == [None, "row 1"]
    import_runs(staged)
    assert Run.objects.count() == 1


def test_a_row_may_not_continue_one_that_is_left_out(experiment: Experiment) -> None:
    staged = stage(experiment, zipped(), model="z-image")
    with pytest.raises(Refusal, match="line 3: continues a row that is not chosen"):
        import_runs(staged, [1])
    assert not Run.objects.exists()


ROWS = {
    "an unknown model": ({"model": "z-imagf"}, "model", "Did you mean"),
    "no model": ({"model": ""}, "model", "model is empty"),
    "no result": ({"result_text": ""}, "results", "needs a result"),
    "credits in words": ({"credits": "six"}, "credits", "whole number"),
    "credits as a formula": ({"credits": "=1+1"}, "credits", "whole number"),
    "a half credit": ({"credits": "1.5"}, "credits", "whole number"),
    "a rating of 6": ({"rating": 6}, "rating", "from 1 to 5"),
    "an unknown verdict": ({"verdict": "great"}, "verdict", "use one of"),
    "params that are no JSON": ({"params": "{"}, "params", "no JSON"),
    "params that are a list": ({"params": [1]}, "params", "must be an object"),
    "an unknown param": ({"params": {"zoom": 3}}, "params.zoom", "zoom"),
    "a prompt too long": ({"prompt": "x" * 20_001}, "prompt", "the limit is 20,000"),
    "a prompt that is no text": ({"prompt": 12}, "prompt", "must be text"),
    "a file of nowhere": ({"results": ["gone.png"]}, "results", "gone.png"),
    "lineage to nowhere": ({"continues_from": "#99"}, "continues_from", "'#99'"),
    "an unknown column": ({"colour": "red"}, "colour", "is no column"),
    "no object": (["a"], "row", "must be an object"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_bad_row_names_its_field_and_the_good_one_beside_it_is_kept(
    experiment: Experiment, name: str
) -> None:
    bad, field, reason = ROWS[name]
    good = {"model": "z-image", "prompt": "A", "result_text": "text"}
    row = {**good, "prompt": "B", **bad} if isinstance(bad, dict) else bad
    staged = stage(experiment, json.dumps([row, good]).encode(), "runs.json")
    first, second = staged.rows.all()
    assert [one["field"] for one in first.problems][:1] == [field]
    assert reason in first.problems[0]["message"]
    assert not second.problems
    import_runs(staged)
    assert [run.prompt for run in Run.objects.all()] == ["A"]


def bomb() -> bytes:
    return make_zip({"a.png": bytes(60_000_000)})


def encrypted() -> bytes:
    content = bytearray(make_zip({"a.png": png()}, zipfile.ZIP_STORED))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    return bytes(content)


def linked() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("a.png")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    return out.getvalue()


def many() -> bytes:
    """100,000 members by the end record alone: the directory is never read."""
    content = bytearray(make_zip({"a.png": png()}))
    end = content.rindex(b"PK\x05\x06")
    content[end + 8 : end + 12] = (50_000).to_bytes(2, "little") * 2
    return bytes(content)


def really_many() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(100_000):
            archive.writestr(zipfile.ZipInfo(f"{number}"), b"")
    return out.getvalue()


def lying() -> bytes:
    """A member that says to be 3 GB."""
    content = bytearray(make_zip({"a.png": png()}, zipfile.ZIP_STORED))
    central = content.rindex(b"PK\x01\x02")
    content[central + 24 : central + 28] = (3 * 2**30).to_bytes(4, "little")
    return bytes(content)


def overlapping() -> bytes:
    """Two members whose bytes are the same ones, as in a quilted bomb."""
    content = bytearray(make_zip({"a.png": noise(1), "b.png": noise(2)}, zipfile.ZIP_STORED))
    second = content.rindex(b"PK\x01\x02")
    first = content.index(b"PK\x01\x02")
    content[second + 20 : second + 24] = content[first + 20 : first + 24] = (
        len(content) - 100
    ).to_bytes(4, "little")
    return bytes(content)


def renamed(name: str) -> bytes:
    """A name that the usual tools would clean."""
    content = make_zip({"x" * len(name.encode()): png()})
    return content.replace(b"x" * len(name.encode()), name.encode())


ARCHIVES = {
    "cut off": (lambda: zipped()[:-40], "cut off"),
    "damaged inside": (lambda: zipped().replace(b"PK\x01\x02", b"PK\x01\x03"), "cannot be read"),
    "empty": (lambda: make_zip({}), "is empty"),
    "no bytes": (lambda: b"", "empty (0 bytes)"),
    "a bomb": (bomb, "as a ZIP bomb does"),
    "over each other": (overlapping, "lie over each other"),
    "3 GB declared": (lying, "has 3.0 GB"),
    "encrypted": (encrypted, "is encrypted"),
    "a link": (linked, "is a link"),
    "50,000 members by its end": (many, "50,000 members; the limit is 5,000"),
    "100,000 members": (really_many, "100,000 members; the limit is 5,000"),
    "out of the ZIP": (lambda: renamed("../../up.png"), "leads out of the ZIP"),
    "an absolute name": (lambda: renamed("/etc/x.png"), "leads out of the ZIP"),
    "a drive": (lambda: renamed("C:/x.png"), "leads out of the ZIP"),
    "a backslash": (lambda: renamed("..\\..\\x.png"), "leads out of the ZIP"),
    "a control character": (lambda: renamed("a\x1b[31m.png"), "has a name that is not taken"),
    "two tables": (lambda: make_zip({"a.csv": b"x", "b.csv": b"x"}), "several tables"),
    "a picture": (png, "Choose a ZIP, or a table"),
    "a gzip": (lambda: b"\x1f\x8b\x08" + bytes(20), "Choose a ZIP, or a table"),
}  # fmt: skip


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_could_do_harm_is_refused_and_nothing_of_it_stays(
    experiment: Experiment, stored: Any, name: str
) -> None:
    make, reason = ARCHIVES[name]
    before = stored()
    with pytest.raises(Refusal) as refused:
        stage(experiment, make())
    assert reason in refused.value.message
    assert refused.value.problems[0].field == "file"
    assert stored() == before
    assert not Staged.objects.exists()


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (b"", "empty (0 bytes)"),
        (b"\n", "no header"),
        (b"model,prompt\n", "no rows"),
        ("model,prompt\nz-image,é\n".encode("latin-1"), "no UTF-8 text near line"),
        ("model,prompt\n".encode("utf-16"), "no UTF-8 text"),
        (b"model,colour\nz-image,red\n", "The column 'colour' is unknown"),
        (b"model,model\nz-image,z-image\n", "stands twice"),
        (b'model,prompt\nz-image,"open\n', "cannot be read near line"),
        (b"prompt\n" + b"x\n" * 1001, "more than 1,000 rows"),
        (b"prompt\n" + b"x" * 200_001, "longer than 200,000"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_the_place(
    experiment: Experiment, stored: Any, table: bytes, reason: str
) -> None:
    before = stored()
    with pytest.raises(Refusal) as refused:
        stage(experiment, table, "runs.csv")
    assert reason in refused.value.message
    assert stored() == before


def test_a_nested_zip_and_a_page_are_problems_of_their_rows(experiment: Experiment) -> None:
    content = make_zip({
        "inner.zip": zipped(), "page.png": b"<html>", "good.png": png(), "cut.png": noise(3)[:900],
    })  # fmt: skip
    staged = stage(experiment, content, model="z-image")
    told = {row.facts["line"]: [p["message"] for p in row.problems] for row in staged.rows.all()}
    assert "is application/zip" in told["inner.zip"][0]
    assert "web page" in told["page.png"][0]
    assert "cannot be decoded" in told["cut.png"][0]
    assert told["good.png"] == []


def test_what_is_not_confirmed_is_gone_after_a_day(experiment: Experiment, stored: Any) -> None:
    before = stored()
    staged = stage(experiment, zipped(), model="z-image")
    assert path_of(staged).exists()
    expire_staged(timezone.now() + timedelta(hours=23))
    assert Staged.objects.exists()
    expire_staged(timezone.now() + timedelta(hours=49))
    assert not Staged.objects.exists()
    assert stored() == before


def test_the_page_shows_every_row_and_records_the_ticked_ones(
    experiment: Experiment, signed_in_client: Any
) -> None:
    where = f"/experiments/{experiment.pk}/import/"
    assert "continues_from" in signed_in_client.get(where).content.decode()
    file = io.BytesIO(zipped(**{"readme.md": b"hello"}))
    file.name = "runs.zip"
    answer = signed_in_client.post(where, {"file": file, "model": "z-image"})
    staged = answer.headers["Location"]
    page = signed_in_client.get(staged).content.decode()
    for words in ("Flux 2 Pro", "A bottle", "a.png", "ref.png", "readme.md", "resolution: 2K"):
        assert words in page, words
    assert "&quot;http://x&quot;" in page
    signed_in_client.post(f"{staged}import/", {"row": ["0", "1"]})
    assert Run.objects.count() == 2
    assert "run 2" in signed_in_client.get(staged).content.decode()
    assert "there already" not in page


def test_the_page_says_what_is_wrong_at_the_field(
    experiment: Experiment, signed_in_client: Any
) -> None:
    where = f"/experiments/{experiment.pk}/import/"
    file = io.BytesIO(b"")
    file.name = "runs.csv"
    page = signed_in_client.post(where, {"file": file})
    assert page.status_code == 422
    assert "empty (0 bytes)" in page.content.decode()
    assert signed_in_client.post(where, {}).status_code == 422


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_the_header_template_is_a_table_that_is_read(
    experiment: Experiment, signed_in_client: Any, kind: str
) -> None:
    template = signed_in_client.get(f"/imports/runs.{kind}").content
    members = {"bottle-1.png": noise(1), "bottle-2.png": noise(2)}
    staged = stage(experiment, make_zip({f"runs.{kind}": template, **members}))
    assert [row.problems for row in staged.rows.all()] == [[]]
    import_runs(staged)
    run = Run.objects.get()
    assert (run.studio_credits, run.studio_seconds, run.rating) == (6, 12.5, 4)
    assert signed_in_client.get("/imports/runs.xml").status_code == 404


def test_a_folder_is_imported_and_again_adds_only_what_is_new(
    experiment: Experiment, tmp_path: Path
) -> None:
    folder = tmp_path / "takes"
    folder.mkdir()
    (folder / "a.png").write_bytes(noise(1))
    (folder / "link.png").symlink_to("/etc/passwd")
    arguments = ("import_runs", str(experiment.pk), str(folder), "--model", "z-image")
    out = io.StringIO()
    call_command(*arguments, "--check", stdout=out)
    assert not Run.objects.exists()
    call_command(*arguments, stdout=out)
    (folder / "b.png").write_bytes(noise(2))
    call_command(*arguments, stdout=out)
    assert "2 rows: 2 good (1 there already), 0 bad." in out.getvalue()
    assert "1 runs recorded." in out.getvalue()
    assert Run.objects.count() == 2
    (folder / "bad.png").write_bytes(b"<html>")
    errors = io.StringIO()
    with pytest.raises(CommandError, match="Nothing is recorded"):
        call_command(*arguments, stdout=out, stderr=errors)
    assert "bad.png" in errors.getvalue()
    call_command(*arguments, "--good-only", stdout=out, stderr=errors)
    assert Run.objects.count() == 2


def test_a_zip_by_the_command_line(experiment: Experiment, tmp_path: Path) -> None:
    path = tmp_path / "runs.zip"
    path.write_bytes(zipped())
    call_command(
        "import_runs", str(experiment.pk), str(path), "--model=z-image", stdout=io.StringIO()
    )
    assert Run.objects.count() == 2
    with pytest.raises(CommandError, match="no such folder"):
        call_command("import_runs", str(experiment.pk), str(tmp_path / "none"))


def test_lineage_to_a_run_of_the_experiment(experiment: Experiment) -> None:
    earlier = record(experiment)
    row = {"model": "z-image", "prompt": "A", "result_text": "b", "continues_from": "#1"}
    import_runs(stage(experiment, json.dumps([row]).encode(), "runs.json"))
    assert Run.objects.get(number=2).continues_from == earlier


def test_as_many_rows_as_a_table_may_have_are_shown_before_and_after(
    experiment: Experiment, signed_in_client: Any
) -> None:
    file = keep(noise(1), "a.png")
    lines = [f"flux-2-pro,Bottle {number},{file.pk}" for number in range(MAX_ROWS)]
    table = "\n".join(["model,prompt,results", *lines]).encode()
    done = import_runs(stage(experiment, table, "runs.csv"))
    page = signed_in_client.get(f"/imports/{done.pk}/")
    assert page.status_code == 200 and f"run {MAX_ROWS}</a>" in page.content.decode()
    again = stage(experiment, table, "runs.csv")
    page = signed_in_client.get(f"/imports/{again.pk}/")
    assert page.content.decode().count("there already") == MAX_ROWS
