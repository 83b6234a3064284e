"""How far apart two results are."""

import io
import random

import pytest
from PIL import Image, ImageOps

from rivya_bridge.files.services import store_result
from rivya_bridge.likeness.comparing import compare, distance, read
from rivya_bridge.likeness.distance import Distance, NotComparable
from rivya_bridge.likeness.videos import FRAMES_PER_SAMPLE, SAMPLES
from tests.likeness.conftest import scene, stripes


def test_it_works(saved):
    found = compare("image", saved(scene(), "a.png"), saved(scene(sun=0.7), "b.png"))
    assert isinstance(found, Distance)
    assert found.kind == "image" and 0.05 < found.value < 0.5
    assert "composition" in found.detail and "same size" in found.detail


# --- Pictures ---------------------------------------------------------------------------------


def test_the_same_picture_is_no_distance_away(saved):
    assert compare("image", saved(scene(), "a.png"), saved(scene(), "b.png")).value == 0


@pytest.mark.parametrize(
    ("name", "options"), [("b.jpg", {"quality": 60}), ("b.webp", {"quality": 50}), ("b.gif", {})]
)
def test_another_encoding_counts_for_little(saved, name, options):
    assert compare("image", saved(scene(), "a.png"), saved(scene(), name, **options)).value < 0.05


def test_another_size_counts_for_little_and_is_said(saved):
    found = compare("image", saved(scene(), "a.png"), saved(scene((640, 480)), "b.png"))
    assert found.value < 0.03
    assert "other size: 320 × 240 and 640 × 480 pixels" in found.detail


def test_other_proportions_count(saved):
    found = compare("image", saved(scene(), "a.png"), saved(scene((240, 320)), "b.png"))
    assert found.parts["proportions"] == pytest.approx(1 - (3 / 4) ** 2)
    assert found.value > 0.4 and "other proportions" in found.detail


def test_other_colours_count_though_the_lightness_stays(saved):
    grey = ImageOps.grayscale(scene()).convert("RGB")
    found = compare("image", saved(scene(), "a.png"), saved(grey, "b.png"))
    assert found.parts["composition"] < 0.05 < found.parts["colour"]


def test_unrelated_pictures_are_far_apart(saved):
    assert compare("image", saved(scene(), "a.png"), saved(stripes(), "b.png")).value > 0.7


def test_the_order_of_two_does_not_matter(saved):
    a, b = saved(scene(), "a.png"), saved(stripes((200, 300)), "b.png")
    assert compare("image", a, b).value == compare("image", b, a).value


def test_the_more_it_moves_the_farther_it_is(saved):
    start = saved(scene(), "a.png")
    moved = [compare("image", start, saved(scene(sun=at), "b.png")).value for at in (0.3, 0.4, 0.7)]
    assert moved == sorted(moved)


def test_a_turned_photo_is_compared_upright(saved):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = scene().rotate(90, expand=True)
    found = compare("image", saved(scene(), "a.jpg"), saved(turned, "b.jpg", exif=exif))
    assert found.value < 0.03


def test_transparency_is_seen_on_grey(saved):
    clear = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    grey = Image.new("RGB", (64, 64), (128, 128, 128))
    assert compare("image", saved(clear, "a.png"), saved(grey, "b.png")).value < 0.01


# --- Sounds -----------------------------------------------------------------------------------


def test_a_quieter_copy_differs_in_level_alone(tone):
    found = compare("audio", tone("a.wav"), tone("b.wav", loudness=0.25))
    assert found.parts["level"] == pytest.approx(6.02 / 40, abs=0.01)
    assert found.parts["length"] == 0 and found.parts["course"] < 0.02
    assert "dBFS" in found.detail


def test_a_shorter_sound_differs_in_length(tone):
    found = compare("audio", tone("a.wav", seconds=2), tone("b.wav", seconds=1))
    assert found.parts["length"] == pytest.approx(0.5)
    assert "2.0 s and 1.0 s" in found.detail


def test_another_course_of_loudness_counts(tone):
    found = compare("audio", tone("a.wav"), tone("b.wav", is_pulsed=True))
    assert found.parts["course"] > 0.9


def test_silence_and_silence_are_the_same(tone):
    assert compare("audio", tone("a.wav", loudness=0), tone("b.wav", loudness=0)).value == 0


# --- Videos -----------------------------------------------------------------------------------


def test_another_encoding_of_a_video_counts_for_little(film):
    images = [scene(), scene(sun=0.7), stripes()]
    found = compare("video", film("a.mp4", images), film("b.mp4", images, crf="32"))
    assert found.value < 0.05
    assert found.detail.startswith(f"{SAMPLES} frames") and found.detail.endswith("same size")


def test_a_video_that_ends_otherwise_differs_by_half(film):
    a = film("a.mp4", [scene(), scene()])
    found = compare("video", a, film("b.mp4", [scene(), stripes()]))
    whole = compare("video", a, film("c.mp4", [stripes(), stripes()]))
    assert found.parts["composition"] == pytest.approx(whole.parts["composition"] / 2, abs=0.05)


def test_length_and_size_of_a_video_are_said(film):
    found = compare("video", film("a.mp4", [scene()] * 2), film("b.mp4", [scene((160, 120))]))
    assert found.parts["length"] == pytest.approx(0.5)
    assert "320 × 240 and 160 × 120 pixels" in found.detail


def test_the_frames_decoded_are_bounded():
    assert SAMPLES * FRAMES_PER_SAMPLE == 1_800


# --- Answers ----------------------------------------------------------------------------------


def test_answers_are_compared_word_by_word():
    found = compare("chat", "The tower is 330 metres high.", "The tower is 300 metres high.")
    assert found.value == pytest.approx(1 / 7, abs=0.001)
    assert "7 and 7 words, 6 in common" in found.detail


@pytest.mark.parametrize(("a", "b"), [("one  two\n", "one two"), ("", ""), ("", " \n")])
def test_spaces_do_not_count(a, b):
    assert compare("chat", a, b).value == 0


def test_answers_without_a_word_in_common_are_unrelated():
    assert compare("chat", "one two", "three four").value == 1
    assert compare("chat", "", "three four").value == 1


def test_very_long_answers_are_compared_by_phrases():
    chance = random.Random(7)
    words = [f"w{chance.randrange(900)}" for _ in range(9_000)]
    other = [word if chance.random() > 0.05 else "x" for word in words]
    found = compare("chat", " ".join(words), " ".join(other))
    assert 0.05 < found.value < 0.2 and "phrases" in found.detail
    assert compare("chat", " ".join(words), " ".join(sorted(words))).value > 0.9


# --- Both halves, and what cannot be compared ---------------------------------------------------


def test_each_of_many_is_read_once(saved):
    prints = [read("image", saved(picture, "a.png")) for picture in (scene(), stripes(), scene())]
    assert distance(prints[0], prints[2]).value == 0 < distance(prints[0], prints[1]).value


def test_a_stored_file_is_known_by_its_hash(db, saved):
    file = store_result(saved(scene(), "a.png"), "a.png")
    from rivya_bridge.files import store

    store.path_of(file.sha256).unlink()
    assert compare("image", file, file).detail.startswith("identical")


def test_a_stored_file_without_bytes_is_refused_with_its_name(db, saved):
    from rivya_bridge.files import store

    a = store_result(saved(scene(), "a.png"), "a.png")
    b = store_result(saved(stripes(), "b.png"), "b.png")
    store.path_of(b.sha256).unlink()
    with pytest.raises(NotComparable, match=r"The bytes of b\.png are gone"):
        compare("image", a, b)


@pytest.mark.parametrize("kind", ["image", "audio", "video"])
@pytest.mark.parametrize("content", [b"", b"RIFF....WAVE", b"\x89PNG\r\n\x1a\n", b"<svg/>"])
def test_a_damaged_file_is_refused_with_its_name(tmp_path, kind, content):
    path = tmp_path / "broken"
    path.write_bytes(content)
    with pytest.raises(NotComparable, match="broken cannot be read"):
        compare(kind, path, path)


def test_a_cut_picture_is_refused(tmp_path):
    out = io.BytesIO()
    Image.effect_noise((400, 400), 90).save(out, "PNG")
    path = tmp_path / "cut.png"
    path.write_bytes(out.getvalue()[:5000])
    with pytest.raises(NotComparable, match=r"cut\.png"):
        read("image", path)


def test_a_picture_with_too_many_pixels_is_refused(tmp_path):
    path = tmp_path / "huge.png"
    Image.new("1", (20_000, 20_000)).save(path)
    with pytest.raises(NotComparable, match="the limit is 80 million"):
        read("image", path)


def test_kinds_are_not_mixed(saved, tone):
    with pytest.raises(NotComparable, match="kind"):
        compare("image", "text", "text")
    with pytest.raises(NotComparable, match="as texts"):
        compare("chat", saved(scene(), "a.png"), "text")
    with pytest.raises(NotComparable, match="two different kinds"):
        distance(read("image", saved(scene(), "a.png")), read("chat", "text"))
    with pytest.raises(NotComparable, match="holds no moving picture"):
        read("video", tone("a.wav"))
