"""Peaks and loudness come from the samples of a sound."""

from collections.abc import Callable

import pytest
from django.test import Client

from rivya_bridge.files import store
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.peaks import BINS, SILENCE_DB, draw, measure_file
from rivya_bridge.files.services import store_result


@pytest.fixture
def kept(db: None, tmp_path, sound: Callable[..., bytes], clip: Callable[..., bytes]):
    def keep(name: str, content: bytes) -> StoredFile:
        (tmp_path / name).write_bytes(content)
        return store_result(tmp_path / name, name)

    return keep


def test_a_sound_is_measured_when_it_is_kept(kept, sound) -> None:
    file = kept("tone.mp3", sound(seconds=1.0))
    assert file.level_db is not None
    assert SILENCE_DB < file.level_db < 0
    assert store.peaks_path_of(file.sha256).read_text().startswith("<svg")


def test_louder_samples_give_higher_peaks(tmp_path) -> None:
    import math
    import struct
    import wave

    path = tmp_path / "half.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        for number in range(16_000):
            loudness = 0.1 if number < 8_000 else 0.8
            out.writeframes(struct.pack("<h", int(32767 * loudness * math.sin(number / 5))))
    shape = measure_file(path)
    assert shape is not None
    quiet, loud = shape.peaks[: BINS // 2 - 5], shape.peaks[BINS // 2 + 5 :]
    assert max(quiet) == pytest.approx(0.1, abs=0.02)
    assert min(loud) == pytest.approx(0.8, abs=0.03)
    assert draw(shape.peaks) != draw(tuple(reversed(shape.peaks)))


def test_a_clip_tells_its_frames_a_second(kept, clip) -> None:
    assert kept("clip.mp4", clip()).frame_rate == 12.0


def test_the_peaks_are_served_as_a_picture_and_drawn_again_when_lost(
    kept, sound, signed_in_client: Client
) -> None:
    file = kept("tone.mp3", sound(seconds=0.5))
    store.peaks_path_of(file.sha256).unlink()
    StoredFile.objects.update(level_db=None)
    response = signed_in_client.get(f"/files/{file.pk}/peaks/")
    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    file.refresh_from_db()
    assert file.level_db is not None


def test_a_clip_has_no_peaks_page(kept, clip, signed_in_client: Client) -> None:
    file = kept("clip.mp4", clip())
    assert signed_in_client.get(f"/files/{file.pk}/peaks/").status_code == 404
