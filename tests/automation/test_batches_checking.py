"""The check of a batch: every row and cell named, nothing started, no query for each row."""

import io
import json

import pytest

from rivya_bridge.automation.inputs import input_specs
from rivya_bridge.automation.models import Batch, BatchRow, Job
from rivya_bridge.automation.services import BatchOptions, add_batch, check_batch
from rivya_bridge.automation.tables import MAX_ROWS, example_table, read_objects, read_table
from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import Wallet
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.models import Task
from tests.automation.making import make_template
from tests.experiments.factories import add_models, make_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models", "no_bell")]


def rows_of(template, text: str | bytes, kind: str = "csv"):
    raw = text if isinstance(text, bytes) else text.encode()
    return read_table(io.BytesIO(raw), kind, input_specs(template.current_version))


def add(template, text, kind="csv", **options) -> Batch:
    rows, absent = rows_of(template, text, kind)
    return add_batch(template, rows, BatchOptions(**options), source="form", absent=absent)


def problems_of(batch: Batch) -> list[tuple[int, str, str]]:
    return [
        (row.ordinal, problem["field"], problem["value"])
        for row in batch.rows.order_by("ordinal")
        for problem in row.problems
    ]


def test_it_works():
    file = make_file("bottle.png")
    text = "subject,aspectRatio,photo\nbottle,16:9,bottle.png\n\ncup,,\n"
    batch = add(make_template(), text, name="June")
    assert (batch.status, batch.row_count, batch.invalid_count) == ("checked", 2, 0)
    first, second = batch.rows.order_by("ordinal")
    assert first.inputs == {"subject": "bottle", "aspectRatio": "16:9", "photo": str(file.pk)}
    assert second.inputs == {"subject": "cup", "aspectRatio": "1:1", "photo": None}
    assert (first.line, second.line) == (2, 4)
    assert batch.estimated_credits == 2 * first.estimated_credits > 0
    assert not Job.objects.exists() and not Task.objects.exists()


def test_json_lines_give_the_same_rows_as_csv():
    template = make_template()
    csv = add(template, "subject,aspectRatio\nbottle,16:9\n")
    lines = add(
        template, json.dumps({"subject": "bottle", "aspectRatio": "16:9"}) + "\n\n", "jsonl"
    )
    assert csv.rows.get().inputs == lines.rows.get().inputs


def test_every_bad_cell_is_named_by_row_column_and_value():
    text = f"subject,aspectRatio,photo\ncup,1:1,\n{'x' * 90},9:1,\ncup,1:1,lost.png\n"
    batch = add(make_template(), text)
    assert problems_of(batch) == [
        (2, "subject", "x" * 59 + "…"),
        (2, "aspectRatio", "9:1"),
        (3, "photo", "lost.png"),
    ]
    limits = [p["limit"] for row in batch.rows.all() for p in row.problems]
    assert limits[0] == 20
    assert batch.invalid_count == 2
    assert list(batch.rows.values_list("status", flat=True).order_by("ordinal")) == [
        "waiting", "invalid", "invalid",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("subjct,aspectRatio", "'subjct'"),
        ("subject,subject", "'subject' stands twice"),
        ("", "no header"),
    ],
)
def test_a_wrong_header_is_refused_before_anything_is_stored(header, named):
    with pytest.raises(Refusal, match=named):
        add(make_template(), f"{header}\ncup,1:1\n")
    assert not Batch.objects.exists()


def test_a_missing_column_is_named_when_each_job_needs_it():
    template = make_template(variables=[{"name": "subject", "required": True}])
    with pytest.raises(Refusal, match="'subject' is missing"):
        add(template, "aspectRatio\n1:1\n")
    batch = add(make_template(slug="other"), "subject\ncup\n")
    assert "aspectRatio, photo" in batch.note


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"subject\nM\xfcsli\n", "UTF-8"),
        (b'subject\n"cup\n', "quoted"),
        (b"subject\n" + b"x" * 200_002, "200,000"),
        (b"", "no header"),
    ],
)
def test_a_file_that_cannot_be_read_leaves_nothing_behind(raw, named):
    with pytest.raises(Refusal, match=named):
        add(make_template(), raw)
    assert not Batch.objects.exists() and not BatchRow.objects.exists()


def test_too_many_rows_are_refused_and_nothing_stays():
    rows = read_objects({"subject": "cup"} for _ in range(MAX_ROWS + 1))
    with pytest.raises(Refusal, match="more than 20,000 rows"):
        check_batch(make_template(), rows, BatchOptions())
    assert not Batch.objects.exists()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_separators_of_spreadsheets_are_read_with_their_mark_and_line_ends(delimiter):
    text = f'\ufeffsubject{delimiter}aspectRatio\r\n"a\nb"{delimiter}1:1\r\n'
    assert add(make_template(), text).rows.get().inputs["subject"] == "a\nb"


def test_rows_of_json_that_are_no_objects_are_problems_of_their_row():
    batch = add(
        make_template(), '{"subject": "cup"}\n[1]\n{"subject": \n{"subjct": "x"}\n', "jsonl"
    )
    assert [(row, field) for row, field, _ in problems_of(batch)] == [
        (2, ""),
        (3, ""),
        (4, "subjct"),
    ]


def test_a_row_with_more_cells_than_the_header_is_a_problem():
    assert problems_of(add(make_template(), "subject\ncup,extra\n")) == [(1, "", "")]


def test_a_file_is_found_by_id_hash_or_name_and_a_shared_name_is_refused():
    one, _ = make_file("same.png"), make_file("same.png")
    text = f"subject,photo\na,{one.pk}\nb,{one.sha256}\nc,same.png\n"
    batch = add(make_template(), text)
    inputs = [row.inputs["photo"] for row in batch.rows.order_by("ordinal")]
    assert inputs == [str(one.pk), str(one.pk), "same.png"]
    [problem] = batch.rows.get(ordinal=3).problems
    assert "2 files" in problem["message"]


def test_the_example_is_a_batch_of_one_row():
    template = make_template()
    specs = input_specs(template.current_version)
    example = example_table("csv", specs)
    assert example.splitlines()[0] == "subject,aspectRatio,photo"
    assert list(json.loads(example_table("jsonl", specs))) == ["subject", "aspectRatio", "photo"]


@pytest.mark.parametrize("count", [10, 1_000])
def test_the_check_takes_the_same_queries_for_many_rows(count, django_assert_num_queries):
    template = make_template()
    files = [make_file(f"{number}.png") for number in range(10)]
    text = "subject,photo\n" + "".join(f"cup {n},{files[n % 10].name}\n" for n in range(count))
    rows, _ = rows_of(template, text)
    with django_assert_num_queries(5):  # model, files, account, wallet, caps
        found = check_batch(template, rows, BatchOptions())
    assert (found.row_count, found.invalid_count, found.blockers) == (count, 0, [])


def test_cap_and_balance_are_held_against_the_sum():
    template = make_template()
    Wallet.objects.create(account=current_connection().account, current_credits=1)
    rows = list(read_objects([{"subject": "cup"}] * 3))
    found = check_batch(template, rows, BatchOptions(credit_cap=2))
    assert [problem.field for problem in found.blockers] == ["credit_cap", "credits"]


def test_a_job_above_the_templates_cap_is_a_problem_of_its_row():
    found = check_batch(
        make_template(credit_cap=1), read_objects([{"subject": "cup"}]), BatchOptions()
    )
    assert [problem["field"] for _, problem in found.problems] == ["credit_cap"]


def test_a_model_that_cannot_be_run_is_refused_once_and_not_for_each_row():
    template = make_template()
    add_models("flux-2-pro", api_status="studio_only")
    with pytest.raises(Refusal, match="not available"):
        add(template, "subject\ncup\n")
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    "options", [{"concurrency": 0}, {"concurrency": 51}, {"credit_cap": 0}, {"name": "x" * 201}]
)
def test_an_option_beyond_its_limits_is_refused(options):
    with pytest.raises(Refusal) as refused:
        check_batch(make_template(), read_objects([{}]), BatchOptions(**options))
    assert [problem.field for problem in refused.value.problems] == [*options]
