"""Before a vote nothing that is sent tells what made a result: every answer is read, with every byte."""

import io
import re
from collections.abc import Iterator
from types import SimpleNamespace

import av
import pytest
from django.http import HttpResponseBase
from django.test import Client
from PIL import Image, PngImagePlugin

from rivya_bridge.comparison.models import Ballot
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import store_result
from tests.experiments.factories import add_models, make_experiment, record

pytestmark = pytest.mark.django_db

# Marks that stand in everything about the runs; none may come out again.
SECRETS = (
    "z-image", "Z-Image", "grok", "Grok", "hidden-param", "16:9", "hidden-prompt", "hidden-name",
    "hidden-text", "hidden-note", "171717", "292929", "4321", "hidden-reference",
)  # fmt: skip
TAG = "hidden-text by grok-imagine"


@pytest.fixture(autouse=True)
def models(db: None, settings, tmp_path) -> None:
    settings.FILES_DIR = tmp_path / "files"
    add_models("z-image", "grok-imagine")


def png(colour: str) -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("parameters", TAG)
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "PNG", pnginfo=texts)
    return out.getvalue()


def jpeg(colour: str) -> bytes:
    exif = Image.Exif()
    exif[0x0131] = TAG
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG", exif=exif)
    return out.getvalue()


def clip(colour: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        container.metadata["comment"] = TAG
        stream = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(6):
            frame = av.VideoFrame.from_image(Image.new("RGB", (64, 48), colour))
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


MEDIA = {"pictures": (png, jpeg), "clips": (clip, clip), "texts": (None, None)}


def two(kind: str):
    """An experiment with two runs whose every field carries a mark."""
    experiment = make_experiment()
    given = (
        ("z-image", {"hidden-param": 1, "aspect_ratio": "16:9"}, 171717, "teal"),
        ("grok-imagine", {}, 292929, "orange"),
    )
    for make, (model, params, credits, colour) in zip(MEDIA[kind], given, strict=True):
        file = make and store_result(io.BytesIO(make(colour)), f"hidden-name-{model}.png")
        record(
            experiment,
            model_id=model,
            params={} if "hidden-param" in params else params,
            prompt=f"hidden-prompt for {colour}",
            results=[file] if file else [],
            result_text="" if file else f"An answer in {colour}",
            credits=credits,
            duration_seconds=4321.0,
            note="hidden-note",
        )
    return experiment


def body(answer: HttpResponseBase) -> bytes:
    if answer.streaming:
        return b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return bytes(answer.content)  # type: ignore[attr-defined]


def leaks(answers: list[HttpResponseBase], experiment) -> list[str]:
    ids = [str(pk) for pk in experiment.runs.values_list("pk", flat=True)]
    files = StoredFile.objects.all()
    hashes = [
        *files.values_list("sha256", flat=True),
        *map(str, files.values_list("pk", flat=True)),
    ]
    found = []
    for answer in answers:
        seen = f"{answer.headers} {getattr(answer, 'url', '')} {body(answer).decode('latin-1')}"
        found += [word for word in (*SECRETS, *ids, *hashes) if word in seen]
        assert "Last-Modified" not in answer.headers
    return found


def crawl(client: Client, address: str) -> Iterator[HttpResponseBase]:
    """The page of a pair and whatever it names, with the ways in which media are asked for."""
    page = client.get(address)
    yield page
    text = page.content.decode()
    for part in sorted(set(re.findall(r'(?:src|href|poster)="(/ballots/[^"]+)"', text))):
        whole = client.get(part)
        yield whole
        yield client.head(part)
        yield client.get(part, headers={"Range": "bytes=0-99"})
        yield client.get(part, headers={"If-None-Match": whole["ETag"]})
        yield client.get(f"{part}?download=1")
    yield client.get(f"{address}nothing/")


@pytest.mark.parametrize("kind", MEDIA)
def test_no_page_tells_what_made_a_result(signed_in_client: Client, kind: str) -> None:
    experiment = two(kind)
    drawn = signed_in_client.post(f"/experiments/{experiment.pk}/vote/")
    answers = [drawn, *crawl(signed_in_client, drawn["Location"])]
    assert len(answers) == (3 if kind == "texts" else 13)
    wrong = signed_in_client.post(f"{drawn['Location']}vote/", {"outcome": "nonsense"})
    assert wrong.status_code == 422
    assert leaks([*answers, wrong], experiment) == []


def test_both_sides_look_alike_from_outside(signed_in_client: Client) -> None:
    """One was PNG and one JPEG: nothing of that is left in type, name or headers."""
    experiment = two("pictures")
    address = signed_in_client.post(f"/experiments/{experiment.pk}/vote/")["Location"]
    seen = []
    for letter in "ab":
        answer = signed_in_client.get(f"{address}{letter}/")
        headers = {k: v for k, v in answer.headers.items() if k not in ("Content-Length", "ETag")}
        seen.append(headers)
        assert answer["ETag"] == f'"{address.split("/")[2]}-{letter}"'
        assert answer["Content-Disposition"] == "inline"
    assert seen[0] == seen[1]


def test_a_copy_that_cannot_be_made_shows_nothing_instead(signed_in_client: Client) -> None:
    from rivya_bridge.files import store

    experiment = two("pictures")
    address = signed_in_client.post(f"/experiments/{experiment.pk}/vote/")["Location"]
    for file in StoredFile.objects.all():
        store.path_of(file.sha256).write_bytes(b"no picture any more")
    answer = signed_in_client.get(f"{address}a/")
    assert answer.status_code == 404
    assert leaks([answer], experiment) == []


# --- The same by the HTTP API -----------------------------------------------------------------------


@pytest.fixture
def api(api_client: Client) -> SimpleNamespace:
    def send(path: str, payload: object = None):
        return api_client.post(f"/api/v1{path}", payload or {}, content_type="application/json")

    return SimpleNamespace(get=lambda path: api_client.get(f"/api/v1{path}"), post=send)


@pytest.mark.parametrize("kind", MEDIA)
def test_the_api_draws_blindly_and_votes_once(api: SimpleNamespace, kind: str) -> None:
    experiment = two(kind)
    drawn = api.post(f"/experiments/{experiment.pk}/ballots")
    assert drawn.status_code == 201
    pair = drawn.json()
    again = api.get(f"/ballots/{pair['id']}")
    assert again.json() == pair
    sides = [api.get(f"/ballots/{pair['id']}/sides/{letter}") for letter in "ab"]
    assert {side.status_code for side in sides} == ({404} if kind == "texts" else {200})
    refused = api.post(f"/ballots/{pair['id']}/vote", {"outcome": "left"})
    assert refused.status_code == 422
    assert leaks([drawn, again, *sides, refused], experiment) == []
    voted = api.post(f"/ballots/{pair['id']}/vote", {"outcome": "b"})
    assert voted.json() == {"id": pair["id"], "outcome": "b", "is_undone": False}
    assert Ballot.objects.get().outcome == "right"
    assert api.post(f"/ballots/{pair['id']}/vote", {"outcome": "b"}).status_code == 200
    assert api.post(f"/ballots/{pair['id']}/vote", {"outcome": "a"}).status_code == 409
    assert api.get(f"/ballots/{pair['id']}").status_code == 409


def test_the_same_key_draws_the_same_pair(api_client: Client) -> None:
    experiment = two("texts")
    address = f"/api/v1/experiments/{experiment.pk}/ballots"
    answers = [
        api_client.post(address, headers={"Idempotency-Key": "first"}).json() for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert Ballot.objects.count() == 1


def test_the_api_tells_the_ranking_and_takes_a_vote_back(api: SimpleNamespace) -> None:
    experiment = two("texts")
    pair = api.post(f"/experiments/{experiment.pk}/ballots").json()
    winner = Ballot.objects.get().left.model_id
    api.post(f"/ballots/{pair['id']}/vote", {"outcome": "a"})
    told = api.get(f"/experiments/{experiment.pk}/ranking").json()
    assert (told["state"], told["leader"], told["votes"]) == ("settled", winner, 1)
    assert told["models"][0]["model"] == winner
    assert {finding["topic"] for finding in told["findings"]} == {"leader", "cost", "next"}
    undone = api.post(f"/experiments/{experiment.pk}/undo-vote")
    assert undone.json()["is_undone"]
    assert api.get(f"/experiments/{experiment.pk}/ranking").json()["votes"] == 0
    assert api.post(f"/experiments/{experiment.pk}/undo-vote").status_code == 422
