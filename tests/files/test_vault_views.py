"""The bytes over HTTP, and the page of all files."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from rivya_bridge.files import store
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import store_upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(signed_in_client, picture):
    """A stored picture; its bytes are `picture()`."""
    return store_upload(io.BytesIO(picture()), 'bea"ch\u00e9.png')


@pytest.fixture
def get(signed_in_client, file):
    """get(header=value, …) -> the answer for the file's bytes."""

    def ask(query: str = "", method: str = "get", **headers: str):
        names = {key.replace("_", "-"): value for key, value in headers.items()}
        return getattr(signed_in_client, method)(f"/files/{file.pk}/{query}", headers=names)

    return ask


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_it_works(get, picture, file):
    response = get()
    assert response.status_code == 200
    assert body(response) == picture()
    assert response["Content-Type"] == "image/png"
    assert response["Content-Length"] == str(len(picture()))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["ETag"] == f'"{file.sha256}"'
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Disposition"] == "inline; filename*=utf-8''bea%22ch%C3%A9.png"


def test_a_download_is_offered_when_asked_for(get):
    assert get("?download=1")["Content-Disposition"].startswith("attachment; filename*=")


def test_head_has_the_headers_and_no_bytes(get, picture):
    response = get(method="head")
    assert response["Content-Length"] == str(len(picture()))
    assert body(response) == b""


def test_a_known_version_is_not_sent_again(get, file):
    response = get(if_none_match=f'W/"other", "{file.sha256}"')
    assert response.status_code == 304
    assert body(response) == b""
    assert response["ETag"] == f'"{file.sha256}"'


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=10-", 10, None),
        ("bytes=-7", -7, None),
        ("bytes=5-99999999", 5, None),
        ("bytes=-99999999", 0, None),
    ],
)
def test_one_range_is_served(get, picture, wanted, start, end):
    response, part = get(range=wanted), picture()[start:end]
    assert response.status_code == 206
    assert body(response) == part
    assert response["Content-Length"] == str(len(part))
    first = len(picture()) + start if start < 0 else start
    assert response["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{len(picture())}"


@pytest.mark.parametrize("behind_the_end", ["bytes=99999999-", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(get, picture, behind_the_end):
    response = get(range=behind_the_end)
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(picture())}"


@pytest.mark.parametrize(
    "nonsense", ["bytes=9-5", "bytes=-", "lines=0-5", "bytes=0-1,3-4", "bytes=x-y", "bytes=1" * 99]
)
def test_a_range_that_cannot_be_read_gets_the_whole_file(get, picture, nonsense):
    response = get(range=nonsense)
    assert response.status_code == 200
    assert body(response) == picture()


def test_a_range_of_another_version_gets_the_whole_file(get, file):
    assert body(get(range="bytes=0-0", if_range='"old"'))[1:4] == b"PNG"
    assert get(range="bytes=0-0", if_range=f'"{file.sha256}"').status_code == 206


def test_the_preview_is_a_webp(signed_in_client, file):
    response = signed_in_client.get(f"/files/{file.pk}/preview/")
    assert response["Content-Type"] == "image/webp"
    assert body(response)[8:12] == b"WEBP"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_sound_has_no_preview(signed_in_client, sound):
    file = store_upload(io.BytesIO(sound()), "tone.mp3")
    response = signed_in_client.get(f"/files/{file.pk}/preview/")
    assert response.status_code == 404
    assert b"tone.mp3 has no preview picture" in response.content


def test_an_unknown_file_is_not_found(signed_in_client):
    response = signed_in_client.get("/files/01a209fd-0c29-7de8-9f9d-e824a472701c/")
    assert response.status_code == 404


def test_a_file_whose_bytes_are_gone_says_so(get, file):
    store.path_of(file.sha256).unlink()
    response = get()
    assert response.status_code == 404
    assert b"are gone from the data folder" in response.content


def test_writing_to_a_file_is_not_allowed(get):
    assert get(method="post").status_code == 405


def test_no_file_is_served_to_the_signed_out(client, file, settings):
    response = client.get(
        f"/files/{file.pk}/", headers={"host": f"127.0.0.1:{settings.BRIDGE_PORT}"}
    )
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/")


# --- The page -------------------------------------------------------------------------------------


def test_the_page_shows_files_with_their_facts(signed_in_client, file, clip):
    store_upload(io.BytesIO(clip()), "wave.mp4")
    page = signed_in_client.get("/files/").content.decode()
    assert "wave.mp4" in page
    assert "64 × 48" in page
    assert "2.0 s" in page


def test_the_page_can_show_one_kind(signed_in_client, file, clip):
    store_upload(io.BytesIO(clip()), "wave.mp4")
    page = signed_in_client.get("/files/?kind=image", headers={"HX-Request": "true"})
    assert b"wave.mp4" not in page.content
    assert b"<html" not in page.content
    assert b"ch\xc3\xa9.png" in page.content


def test_an_unknown_kind_is_refused(signed_in_client):
    assert signed_in_client.get("/files/?kind=text").status_code == 422


def test_an_empty_vault_says_the_next_step(signed_in_client):
    assert b"No files yet" in signed_in_client.get("/files/").content


def test_older_files_stand_on_the_next_page(signed_in_client):
    rows = [
        StoredFile(
            sha256=f"{i:064x}", kind="audio", mime_type="audio/wav", size_bytes=1, name=f"n{i}."
        )
        for i in range(51)
    ]
    StoredFile.objects.bulk_create(rows)
    first = signed_in_client.get("/files/?kind=audio")
    cursor = first.context["page"].next_cursor
    assert f"kind=audio&amp;cursor={cursor}" in first.content.decode()
    older = signed_in_client.get(f"/files/?kind=audio&cursor={cursor}")
    assert len(first.context["page"].items) == 50
    assert len(older.context["page"].items) == 1


def test_files_are_added_by_form(signed_in_client, picture):
    files = [SimpleUploadedFile(f"{c}.png", picture(colour=c)) for c in ("red", "blue")]
    page = signed_in_client.post("/files/upload/", {"files": files}, follow=True)
    assert "2 files are in the vault." in page.content.decode()
    assert StoredFile.objects.count() == 2


def test_a_bad_file_in_the_form_is_named(signed_in_client):
    bad = SimpleUploadedFile("page.html", b"<html>")
    page = signed_in_client.post("/files/upload/", {"files": [bad]}, follow=True)
    assert "page.html: The file is a web page" in page.content.decode()


def test_a_form_without_files_says_so(signed_in_client):
    page = signed_in_client.post("/files/upload/", follow=True)
    assert "No file was chosen" in page.content.decode()


# --- Previews in the size of their slot --------------------------------------------------------------


def test_a_preview_comes_in_every_size(signed_in_client, picture):
    file = store_upload(io.BytesIO(picture("PNG", (1280, 640))), "wide.png")
    for side, size in ((640, (640, 320)), (320, (320, 160)), (160, (160, 80))):
        response = signed_in_client.get(f"/files/{file.pk}/preview/{side}/")
        assert response["Content-Type"] == "image/webp"
        with Image.open(io.BytesIO(b"".join(response.streaming_content))) as shown:
            assert shown.size == size
    assert signed_in_client.get(f"/files/{file.pk}/preview/500/").status_code == 404
    assert file.srcset == (f"/files/{file.pk}/preview/320/ 320w, /files/{file.pk}/preview/ 640w")


def test_sizes_that_are_not_there_yet_are_made_when_asked_for(signed_in_client, picture):
    file = store_upload(io.BytesIO(picture("PNG", (1280, 640))), "wide.png")
    store.preview_path_of(file.sha256, 160).unlink()
    assert signed_in_client.get(f"/files/{file.pk}/preview/160/").status_code == 200
    for side in (640, 320, 160):
        store.preview_path_of(file.sha256, side).unlink()
    assert signed_in_client.get(f"/files/{file.pk}/preview/320/").status_code == 200
    assert store.preview_path_of(file.sha256, 640).is_file()


def test_a_small_picture_is_its_own_preview_in_every_size(signed_in_client, picture):
    file = store_upload(io.BytesIO(picture("PNG", (100, 80))), "small.png")
    for side in (640, 320, 160):
        response = signed_in_client.get(f"/files/{file.pk}/preview/{side}/")
        with Image.open(io.BytesIO(b"".join(response.streaming_content))) as shown:
            assert shown.size == (100, 80)
    assert file.srcset == f"/files/{file.pk}/preview/ 100w"


def test_a_list_shows_a_clip_as_its_poster(signed_in_client, clip):
    file = store_upload(io.BytesIO(clip()), "clip.mp4")
    page = signed_in_client.get("/files/").content.decode()
    assert "<video" not in page
    assert 'data-clip data-width="64" data-height="48" aria-label="Play clip.mp4"' in page
    assert f'src="/files/{file.pk}/preview/"' in page and 'loading="lazy"' in page


@pytest.mark.parametrize("mime", ["image/svg+xml", "text/html", "application/pdf", ""])
def test_what_is_no_media_is_saved_and_never_shown(signed_in_client, picture, mime):
    """A row may come from elsewhere than the vault's own look at the bytes."""
    file = store_upload(io.BytesIO(picture()), "drawing.svg")
    StoredFile.objects.filter(pk=file.pk).update(mime_type=mime)
    answer = signed_in_client.get(f"/files/{file.pk}/")
    assert answer["Content-Disposition"] == 'attachment; filename="drawing.svg"'
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
