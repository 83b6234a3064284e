"""Keeping files: once per content, all or nothing, and uploaded once per account."""

import hashlib
import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from rivya_bridge.connection import current_connection
from rivya_bridge.files import store
from rivya_bridge.files.models import RemoteFile, StoredFile
from rivya_bridge.files.selectors import get_file, get_files, listed_files
from rivya_bridge.files.services import (
    MAX_FILES_AT_ONCE,
    clean_name,
    store_each,
    store_result,
    store_upload,
    store_uploads,
)
from rivya_bridge.files.uploading import upload_reference
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.rivya import ValidationFailed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_it_works(picture, settings):
    content = picture("PNG", (1280, 640))
    file = store_upload(io.BytesIO(content), "holiday/beach.png")
    digest = hashlib.sha256(content).hexdigest()
    assert (file.sha256, file.size_bytes, file.name) == (digest, len(content), "beach.png")
    assert (file.kind, file.mime_type, file.width, file.height) == ("image", "image/png", 1280, 640)
    assert (file.preview_width, file.preview_height) == (640, 320)
    path = settings.FILES_DIR / digest[:2] / digest[2:4] / digest
    assert path.read_bytes() == content
    assert store.preview_path_of(digest).is_file()
    assert _names(settings.FILES_DIR / "incoming") == []


def test_the_same_content_is_one_file_under_its_first_name(picture):
    first = store_upload(io.BytesIO(picture()), "one.png")
    second = store_upload(io.BytesIO(picture()), "two.png")
    assert second.pk == first.pk
    assert second.name == "one.png"


def test_bytes_that_were_lost_come_back_with_the_next_upload(picture):
    file = store_upload(io.BytesIO(picture()), "a.png")
    store.path_of(file.sha256).unlink()
    store_upload(io.BytesIO(picture()), "a.png")
    assert store.path_of(file.sha256).read_bytes() == picture()


def test_a_file_above_the_limit_is_refused_and_leaves_nothing(picture, settings):
    content = picture()
    with pytest.raises(Refusal, match=r"big\.png is larger than 10 bytes") as refusal:
        store_upload(io.BytesIO(content), "big.png", max_bytes=10, field="result")
    assert refusal.value.problems[0].field == "result"
    assert refusal.value.problems[0].limit == 10
    assert _names(settings.FILES_DIR) == []


def test_a_file_of_exactly_the_limit_is_taken(picture):
    content = picture()
    assert store_upload(io.BytesIO(content), "a.png", max_bytes=len(content)).pk


def test_the_limit_is_named_in_megabytes(settings):
    settings.UPLOAD_MAX_BYTES = 2 * 1_048_576
    with pytest.raises(Refusal, match="larger than 2 MB, the limit for one file"):
        store_upload(io.BytesIO(b"x" * (2 * 1_048_576 + 1)), "a.bin")


def test_an_empty_file_is_refused():
    with pytest.raises(Refusal, match=r"none\.png is empty"):
        store_upload(io.BytesIO(b""), "none.png")


def test_a_web_page_named_as_a_picture_is_refused(settings):
    with pytest.raises(Refusal, match=r"cat\.png: The file is a web page.*It was not kept"):
        store_upload(io.BytesIO(b"<!doctype html><script>1</script>"), "cat.png")
    assert _names(settings.FILES_DIR) == []
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\cat.png", "cat.png"),
        ("a\r\nSet-Cookie: x.png", "aSet-Cookie: x.png"),
        (".hidden.png", "hidden.png"),
        ("\u202egnp.exe", "gnp.exe"),
        ("", "file"),
        ("..", "file"),
        ("\ud800.png", "?.png"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
        ("y" * 300, "y" * 200),
    ],
)
def test_a_name_is_only_ever_a_base_name(given, kept):
    assert clean_name(given) == kept


def test_several_files_keep_their_order(picture):
    colours = ["red", "green", "blue"]
    files = [SimpleUploadedFile(f"{c}.png", picture(colour=c)) for c in colours]
    assert [file.name for file in store_uploads(files)] == ["red.png", "green.png", "blue.png"]


def test_one_bad_file_among_several_refuses_all_and_each_bad_one_is_named(picture, settings):
    files = [
        SimpleUploadedFile("good.png", picture()),
        SimpleUploadedFile("bad.png", b"<html>"),
        SimpleUploadedFile("empty.png", b""),
    ]
    with pytest.raises(Refusal) as refusal:
        store_uploads(files, field="references")
    assert [problem.field for problem in refusal.value.problems] == ["references", "references"]
    assert "bad.png" in refusal.value.message
    assert "empty.png" in refusal.value.message
    assert not StoredFile.objects.exists()
    assert _names(settings.FILES_DIR) == []


def test_too_many_files_at_once_are_refused():
    files = [SimpleUploadedFile("a.png", b"x")] * (MAX_FILES_AT_ONCE + 1)
    with pytest.raises(Refusal, match="51 files were sent at once; the limit is 50"):
        store_uploads(files)
    stored, [problem] = store_each(files, field="results")
    assert stored == []
    assert (problem.field, problem.limit) == ("results", 50)


def test_a_result_is_kept_from_a_stream_or_a_path(clip, tmp_path):
    content, path = clip(), tmp_path / "result.mp4"
    path.write_bytes(content)
    by_path = store_result(path, "result.mp4")
    assert by_path.kind == "video"
    assert store_result(io.BytesIO(content), "again.mp4") == by_path
    assert path.read_bytes() == content


def test_a_result_above_the_download_cap_is_refused(clip, settings):
    settings.DOWNLOAD_MAX_BYTES = 100
    with pytest.raises(Refusal, match="larger than 100 bytes") as refusal:
        store_result(io.BytesIO(clip()), "result.mp4")
    assert refusal.value.problems[0].field == "result"


def test_the_same_content_twice_at_once_is_one_file(picture):
    """Both pass the check before either has a row, as two requests at once do."""
    files = [SimpleUploadedFile(name, picture()) for name in ("one.png", "two.png")]
    one, two = store_uploads(files)
    assert one.pk == two.pk
    assert StoredFile.objects.count() == 1


def test_files_are_found_in_the_order_asked_for(picture):
    red = store_upload(io.BytesIO(picture(colour="red")), "red.png")
    blue = store_upload(io.BytesIO(picture(colour="blue")), "blue.png")
    assert get_files([str(blue.pk), red.pk, str(blue.pk)]) == [blue, red, blue]
    assert get_files([]) == []


def test_every_unknown_id_is_named(picture):
    known = store_upload(io.BytesIO(picture()), "a.png")
    lost = "01a209fd-0c29-7de8-9f9d-e824a472701c"
    with pytest.raises(Refusal) as refusal:
        get_files([known.pk, lost, "nonsense"], field="files")
    assert [problem.field for problem in refusal.value.problems] == ["files", "files"]
    assert lost in refusal.value.message
    assert "nonsense" in refusal.value.message


def test_a_single_unknown_file_is_missing():
    with pytest.raises(Missing, match="There is no file"):
        get_file("nonsense")


def test_an_unknown_kind_is_refused():
    with pytest.raises(Refusal, match="'text' is no kind of file: use image, video, audio"):
        listed_files("text")


@pytest.mark.parametrize("name", ["", "ab", "../../etc/passwd", "A" * 64, "g" * 64])
def test_only_a_digest_becomes_a_path(name):
    with pytest.raises(ValueError, match="64 lower-case hex digits"):
        store.path_of(name)


def test_a_reference_is_uploaded_once_for_each_account(picture, sandbox, settings):
    file = store_upload(io.BytesIO(picture()), "ref.png")
    first = upload_reference(file, model_id="flux-2-pro")
    again = upload_reference(file, model_id="nano-banana-2")
    assert again.pk == first.pk
    assert first.url.startswith(sandbox.base_url)
    assert first.account == current_connection().account
    settings.RIVYA_API_KEY += "2"
    assert not RemoteFile.objects.filter(account=current_connection().account).exists()


def test_a_video_reference_brings_its_duration_token(clip, sandbox):
    file = store_upload(io.BytesIO(clip()), "ref.mp4")
    assert upload_reference(file, model_id="wan-2-6").duration_token


def test_a_reference_that_rivya_refuses_leaves_no_row(clip, sandbox):
    file = store_upload(io.BytesIO(clip()), "ref.mp4")
    with pytest.raises(ValidationFailed):
        upload_reference(file, model_id="flux-2-pro")
    assert not RemoteFile.objects.exists()


def test_a_reference_without_bytes_says_so(picture, sandbox):
    file = store_upload(io.BytesIO(picture()), "ref.png")
    store.path_of(file.sha256).unlink()
    with pytest.raises(Missing, match=r"bytes of ref\.png are gone"):
        upload_reference(file, model_id="flux-2-pro")
