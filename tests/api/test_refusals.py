"""What each route refuses: by field, with the limit, and without a trace."""

import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st

from rivya_bridge.experiments.models import Run
from tests.api.errors import fields_of

pytestmark = pytest.mark.django_db

NOWHERE = "01a209fd-0c29-7de8-9f9d-e824a472701c"
STUDIO = {"source": "studio", "model": "z-image", "prompt": "A bottle", "result_text": "made"}
API = {"source": "api", "model": "z-image", "prompt": "A bottle"}


def first_of(names: list[str]) -> list[str]:
    return [name.partition(".")[0] for name in names]


@pytest.fixture
def refused(place, post, row_counts):
    """refused(path, body) -> the named fields, after nothing was found created."""

    def send(path, body, status=422):
        ids = {name: str(getattr(place, name).pk) for name in ("experiment", "done", "queued")}
        before = row_counts()
        fields = fields_of(post(path.format(**ids), body), status)
        assert row_counts() == before
        return fields

    return send


def test_it_works(refused):
    assert refused("/experiments", {"title": ""}) == ["title"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": None}, "title"),
        ({"title": 5}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"title": "x", "question": "x" * 501}, "question"),
        ({"title": "x", "brief": "x" * 10_001}, "brief"),
        ({"title": "x", "category": "cinema"}, "category"),
        ({"title": "x", "tags": "wet"}, "tags"),
        ({"title": "x", "tags": ["x"] * 5 + ["y" * 41]}, "tags"),
        ({"title": "x", "tags": [f"t{n}" for n in range(21)]}, "tags"),
        ({"title": "x", "tags": [None]}, "tags"),
        ({"title": "x", "titel": "y"}, "titel"),
        ({"title": "x", "run_count": 7}, "run_count"),
    ],
)
def test_a_wrong_experiment_is_refused_by_field(refused, body, field):
    assert first_of(refused("/experiments", body)) == [field]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "source"),
        ({"source": "studio"}, "model"),
        ({"source": "magic", "model": "z-image"}, "source"),
        ({"source": "studio", "model": "z-image", "prompt": "x"}, "results"),
        (STUDIO | {"result_text": "  "}, "results"),
        (STUDIO | {"model": "z-imag"}, "model"),
        (STUDIO | {"model": "a\0b"}, "model"),
        (STUDIO | {"model": ""}, "model"),
        (STUDIO | {"prompt": 5}, "prompt"),
        (STUDIO | {"prompt": "x" * 20_001}, "prompt"),
        (STUDIO | {"params": []}, "params"),
        (STUDIO | {"params": {"nonsense": 1}}, "params"),
        (STUDIO | {"references": ["nonsense"]}, "references"),
        (STUDIO | {"references": [NOWHERE]}, "references"),
        (STUDIO | {"references": [NOWHERE] * 51}, "references"),
        (STUDIO | {"results": [NOWHERE]}, "results"),
        (STUDIO | {"results": 5}, "results"),
        (STUDIO | {"result_text": "x" * 100_001}, "result_text"),
        (STUDIO | {"credits": -1}, "credits"),
        (STUDIO | {"credits": 10**400}, "credits"),
        (STUDIO | {"credits": 1.5}, "credits"),
        (STUDIO | {"duration_seconds": -1}, "duration_seconds"),
        (STUDIO | {"duration_seconds": 10**400}, "duration_seconds"),
        (STUDIO | {"duration_seconds": "long"}, "duration_seconds"),
        (STUDIO | {"rating": 0}, "rating"),
        (STUDIO | {"rating": 6}, "rating"),
        (STUDIO | {"rating": "good"}, "rating"),
        (STUDIO | {"verdict": "perhaps"}, "verdict"),
        (STUDIO | {"note": "x" * 5001}, "note"),
        (STUDIO | {"continues_from": NOWHERE}, "continues_from"),
        (STUDIO | {"continues_from": "nonsense"}, "continues_from"),
        (STUDIO | {"task": "x"}, "task"),
        (API | {"prompt": ""}, "prompt"),
        ({"source": "api", "model": "z-image"}, "prompt"),
        (API | {"model": "nothing"}, "model"),
        (API | {"model": "gpt-5-2-chat", "params": {"nonsense": 1}}, "params"),
        (API | {"params": {"aspectRatio": 5}}, "params"),
        (API | {"params": {"x" * 5000: 5}}, "params"),
        (API | {"params": {"aspect_ratio": {"deep": [[[]]]}}}, "params"),
        (API | {"model": "google-imagen4-fast", "params": {"seed": "7"}}, "params"),
        (API | {"model": "google-imagen4-fast", "params": {"seed": -1}}, "params"),
        (API | {"model": "google-imagen4-fast", "params": {"seed": 10**400}}, "params"),
        (API | {"model": "google-imagen4-fast", "params": {"seed": True}}, "params"),
        (API | {"model": "google-imagen4-fast", "params": {"seed": None}}, "params"),
        (API | {"model": "seedance-1-0-pro", "params": {"resolution": "9p"}}, "params"),
        (API | {"prompt": "x" * 20_001}, "prompt"),
        (API | {"results": [NOWHERE]}, "results"),
        (API | {"result_text": "x"}, "result_text"),
        (API | {"credits": 4}, "credits"),
        (API | {"rating": 9}, "rating"),
        (API | {"verdict": "perhaps"}, "verdict"),
    ],
)
def test_a_wrong_run_is_refused_by_field(refused, body, field):
    assert field in first_of(refused("/experiments/{experiment}/runs", body))


def test_a_run_of_no_experiment_is_not_found(post, models):
    fields_of(post(f"/experiments/{NOWHERE}/runs", API), 404)


def test_a_limit_is_named(place, post):
    error = post("/experiments", {"title": "x" * 300}).json()["error"]
    assert error["fields"][0]["limit"] == 200
    assert "200" in error["message"] and "300" in error["message"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "x", "slug": "Not A Slug"}, "slug"),
        ({"name": "x", "slug": "x" * 81}, "slug"),
        ({"name": "x", "slug": ""}, "slug"),
        ({"name": "x", "prompt": "Other words"}, "prompt"),
        ({"name": "x", "prompt": "{{ a"}, "prompt"),
        ({"name": "x", "prompt": "{% for a in b %}{% endfor %}"}, "prompt"),
        ({"name": "x", "prompt": "{{ a.__class__ }}"}, "prompt"),
        ({"name": "x", "prompt": "x" * 20_001}, "prompt"),
        ({"name": "x", "variables": [{"name": "unused"}]}, "variables"),
        ({"name": "x", "variables": ["unused"]}, "variables"),
        ({"name": "x", "variables": [5]}, "variables"),
        ({"name": "x", "variables": [{}]}, "variables[0]"),
        (
            {"name": "x", "prompt": "A {{ a }} bottle on slate", "variables": ["a", "a"]},
            "variables",
        ),
        (
            {
                "name": "x",
                "prompt": "A {{ a }} bottle on slate",
                "variables": [{"name": "a", "type": "number"}],
            },
            "variables[0]",
        ),
        ({"name": "x", "exposed_params": ["nonsense"]}, "exposed_params[0]"),
        ({"name": "x", "exposed_params": [{}]}, "exposed_params[0]"),
        ({"name": "x", "exposed_params": ["seed", "seed"]}, "exposed_params"),
        ({"name": "x", "exposed_params": {"seed": 1}}, "exposed_params"),
        ({"name": "x", "fixed_params": {"seed": 7}}, "params"),
        ({"name": "x", "fixed_params": []}, "fixed_params"),
        ({"name": "x", "file_slots": [{"name": "a", "kind": "image"}]}, "file_slots"),
        ({"name": "x", "file_slots": "a"}, "file_slots"),
        ({"name": "x", "credit_cap": 0}, "credit_cap"),
        ({"name": "x", "credit_cap": -5}, "credit_cap"),
        ({"name": "x", "credit_cap": 10**400}, "credit_cap"),
        ({"name": "x", "credit_cap": "many"}, "credit_cap"),
        ({"name": "x", "reason": "x" * 1001}, "reason"),
        ({"name": "x", "description": "x" * 5001}, "description"),
        ({"name": "x", "model": "z-image"}, "model"),
    ],
)
def test_a_wrong_promotion_is_refused_by_field(refused, body, field):
    assert field in first_of(refused("/runs/{done}/promote", body))


def test_an_unfinished_run_is_not_promoted(refused):
    assert refused("/runs/{queued}/promote", {"name": "Early"}) == ["run"]


def test_a_taken_slug_is_a_conflict(refused):
    assert refused("/runs/{done}/promote", {"name": "x", "slug": "bottle-banner"}, 409) == ["slug"]


def test_a_promotion_may_say_everything(place, post):
    body = {
        "name": "All of it",
        "slug": "all-of-it",
        "prompt": "A {{color}} bottle on {{ stone }}",
        "variables": [{"name": "color", "type": "choice", "options": ["red", "blue"]}],
        "exposed_params": ["seed"],
        "credit_cap": 20,
        "reason": "Settled",
    }
    template = post(f"/runs/{place.done.pk}/promote", body)
    assert template.status_code == 201
    defaults = {one["name"]: one["default"] for one in template.json()["variables"]}
    assert defaults == {"color": "red", "stone": "slate"}
    job = post("/templates/all-of-it/jobs", {"inputs": {"color": "blue"}})
    assert job.json()["inputs"] == {"color": "blue", "stone": "slate"}


def test_a_run_whose_prompt_has_braces_is_promoted_as_it_is(place, post):
    Run.objects.filter(pk=place.studio.pk).update(prompt="A {{ red }} {% cup %}")
    answer = post(f"/runs/{place.studio.pk}/promote", {"name": "Braces"})
    assert answer.status_code == 201
    assert answer.json()["variables"] == []
    plan = post("/templates/braces/jobs?dry_run=1", {}).json()
    assert plan["request"]["prompt"] == "A {{ red }} {% cup %}"


# --- Bodies that are no body ----------------------------------------------------------------------

POSTS = [
    "/experiments",
    "/experiments/{experiment}/runs",
    "/experiments/{experiment}/comparisons",
    "/runs/{done}/promote",
    "/templates/bottle-banner/jobs",
]
BODIES = [
    b"", b"{", b"nonsense", b"[]", b"null", b"5", b'"text"', b"[{}]", b"\xff\xfe", b'{"title": "\xff"}',
    b'{"title": NaN}', b'{"title": Infinity}', b'{"inputs": {"seed": 1e999}}', b"{'title': 'x'}",
    b'{"title": "\\ud800"}', b'{"inputs": {"color": "\\ud800"}}', b'{"\\ud800": 1}', b'{"a\\u0000": 1}',
    b'{"params": {"a": "\\u0000"}}', b"[" * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b'{"inputs": ' + b'{"a":' * 200 + b"1" + b"}" * 201, b'{"title": ' + b"9" * 5000 + b"}",
    b"title=x&source=api", b"<title>x</title>", b'{"nonsense": 1}', b"\xef\xbb\xbf{}x",
]  # fmt: skip


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_a_body_that_cannot_be_read_is_refused(place, api_client, row_counts, path, kind):
    ids = {name: str(getattr(place, name).pk) for name in ("experiment", "done")}
    before = row_counts()
    for body in BODIES:
        answer = api_client.generic("POST", f"/api/v1{path.format(**ids)}", body, content_type=kind)
        assert fields_of(answer, (400, 422)), body[:80]
    assert row_counts() == before


@pytest.mark.parametrize("path", POSTS)
def test_a_body_above_the_limit_names_it(place, api_client, path, row_counts, settings):
    ids = {name: str(getattr(place, name).pk) for name in ("experiment", "done")}
    body = json.dumps({"title": "x" * 4_200_000})
    before = row_counts()
    answer = api_client.generic(
        "POST", f"/api/v1{path.format(**ids)}", body, content_type="application/json"
    )
    assert fields_of(answer, 413) == ["body"]
    assert answer.json()["error"]["fields"][0]["limit"] == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert row_counts() == before


def test_thousands_of_wrong_fields_make_no_endless_answer(place, post):
    answer = post("/experiments", {f"field{number}": 1 for number in range(20_000)})
    assert len(fields_of(answer)) == 50


@pytest.mark.parametrize("path", POSTS)
def test_a_form_is_no_json(place, api_client, path, row_counts):
    ids = {name: str(getattr(place, name).pk) for name in ("experiment", "done")}
    before = row_counts()
    answer = api_client.post(f"/api/v1{path.format(**ids)}", {"title": "x"})
    fields_of(answer, (400, 422))
    assert row_counts() == before


# --- Files ----------------------------------------------------------------------------------------


def _upload(name: str, content: bytes) -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile(name, content)}


@pytest.mark.parametrize(
    "content", [b"", b"plain text", b"<svg></svg>", b"\x89PNG\r\n\x1a\n", b"\0" * 5000]
)
def test_a_file_that_is_no_media_is_refused(api_client, row_counts, content):
    before = row_counts()
    answer = api_client.post("/api/v1/files", _upload("a.png", content))
    assert fields_of(answer) == ["file"]
    assert row_counts() == before


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"file": "x"}', "application/json"),
        (b"file=x", "application/x-www-form-urlencoded"),
        (b"", "multipart/form-data"),
        (b"nonsense", "multipart/form-data; boundary=x"),
        (
            b"--x\r\nContent-Disposition: form-data\r\n\r\nz\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
        (b"", "multipart/form-data; boundary=" + "x" * 300),
        (b"", ""),
    ],
)
def test_an_upload_that_is_none_is_refused(api_client, row_counts, body, kind):
    before = row_counts()
    answer = api_client.generic("POST", "/api/v1/files", body, content_type=kind)
    fields_of(answer, (400, 422))
    assert row_counts() == before


@pytest.mark.parametrize("data", [{}, {"file": "text"}, {"files": "x"}])
def test_an_upload_without_its_field_names_it(api_client, row_counts, data):
    before = row_counts()
    assert fields_of(api_client.post("/api/v1/files", data)) == ["file"]
    assert row_counts() == before


def test_a_file_under_another_name_names_the_right_one(api_client, png):
    answer = api_client.post("/api/v1/files", {"upload": SimpleUploadedFile("a.png", png)})
    assert fields_of(answer) == ["file"]


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 500 + ".png", "<script>.png", "ü.png"])
def test_a_strange_name_harms_nobody(api_client, png, name):
    answer = api_client.post("/api/v1/files", _upload(name, png))
    assert answer.status_code == 201
    assert "/" not in answer.json()["name"] and len(answer.json()["name"]) <= 200


# --- Lists ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/tasks", {"cursor": "nonsense"}, "cursor"),
        ("/tasks", {"cursor": "\0"}, "cursor"),
        ("/tasks", {"cursor": "x" * 5000}, "cursor"),
        ("/tasks", {"since": "yesterday"}, "since"),
        ("/tasks", {"since": "99999999999d"}, "since"),
        ("/tasks", {"since": "-1d"}, "since"),
        ("/tasks", {"status": "nonsense"}, "status"),
        ("/tasks", {"origin": "nonsense"}, "origin"),
        ("/tasks", {"q": "x" * 201}, "q"),
        ("/tasks", {"q": "\0"}, "q"),
        ("/tasks", {"model": "\0"}, "model"),
        ("/experiments", {"cursor": "1"}, "cursor"),
        ("/experiments", {"status": "nonsense"}, "status"),
        ("/experiments", {"category": "nonsense"}, "category"),
        ("/templates", {"cursor": "1"}, "cursor"),
        ("/templates/bottle-banner/jobs", {"cursor": "1"}, "cursor"),
        ("/models", {"category": "nonsense"}, "category"),
    ],
)
def test_nonsense_in_a_list_is_refused_by_name(place, get, path, query, field):
    assert fields_of(get(path, **query)) == [field]


@pytest.mark.parametrize("name", ["source", "verdict", "status"])
def test_nonsense_in_the_list_of_runs_is_refused_by_name(place, get, name):
    assert fields_of(get(f"/experiments/{place.experiment.pk}/runs", **{name: "x"})) == [name]


@pytest.mark.parametrize("since", ["1h", "9999h", "9999d", "9999w", "0d"])
def test_every_span_of_time_is_understood(place, get, since):
    assert get("/tasks", since=since).status_code == 200


# --- Addresses and methods ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "", "nonsense", "experiments/", "tasks/", "templates/bottle-banner/", "openapi.yaml",
        "v2/tasks", "../admin", "%2e%2e", "tasks/%00", "docs",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT", "PATCH"])
def test_an_unknown_address_is_not_found(place, api_client, path, method):
    fields_of(api_client.generic(method, f"/api/v1/{path}"), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/experiments", {"GET", "POST"}),
        ("PUT", "/tasks", {"GET"}),
        ("POST", "/tasks", {"GET"}),
        ("OPTIONS", "/tasks", {"GET"}),
        ("TRACE", "/tasks", {"GET"}),
        ("GET", "/files", {"POST"}),
        ("HEAD", "/files", {"POST"}),
        ("NONSENSE", "/credits", {"GET"}),
        ("DELETE", "/templates/bottle-banner", {"GET", "PATCH"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(place, api_client, method, path, allowed):
    answer = api_client.generic(method, f"/api/v1{path}")
    assert answer.status_code == 405
    assert {word.strip() for word in answer.headers["Allow"].split(",")} == allowed
    if method != "HEAD":
        assert answer.json()["error"]["code"] == "method_not_allowed"


def test_head_answers_as_get_does(place, api_client):
    answer = api_client.head("/api/v1/tasks")
    assert (answer.status_code, answer.content) == (200, b"")


# --- Anything at all ------------------------------------------------------------------------------

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**63, 1e308, -0.0, "\0", "\ud800", "x" * 300, NOWHERE])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "type", "key", "default", "kind", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
names = st.sampled_from(
    [
        "title", "question", "brief", "category", "tags", "source", "model", "prompt", "params",
        "references", "results", "result_text", "credits", "duration_seconds", "rating", "verdict",
        "note", "continues_from", "runs", "winner", "conclusion", "name", "slug", "description",
        "variables", "exposed_params", "fixed_params", "file_slots", "credit_cap", "reason", "inputs",
        "color", "seed", "nonsense",
    ]
)  # fmt: skip
BASES = {
    "/experiments": {"title": "x"},
    "/experiments/{experiment}/runs": STUDIO,
    "/experiments/{experiment}/comparisons": {"title": "x", "runs": []},
    "/runs/{done}/promote": {"name": "x"},
    "/templates/bottle-banner/jobs": {},
}


@given(data=st.data())
@settings(
    max_examples=60,
    derandomize=True,
)
def test_no_body_breaks_a_route(place, post, row_counts, data):
    """Whatever is sent: it is done, or refused in the one shape without a trace."""
    ids = {name: str(getattr(place, name).pk) for name in ("experiment", "done")}
    path = data.draw(st.sampled_from(sorted(BASES)))
    changes = data.draw(st.dictionaries(names, anything, min_size=1, max_size=3))
    if path.endswith("/jobs"):
        changes = {"inputs": changes}
    before = row_counts()
    answer = post(path.format(**ids), json.dumps(BASES[path] | changes), key=uuid.uuid4().hex)
    if answer.status_code not in (200, 201):
        fields_of(answer, (400, 404, 409, 422))
        assert row_counts() == before
