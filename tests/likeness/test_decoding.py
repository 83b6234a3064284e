"""What is compared is decoded in a process of its own: what goes wrong there ends nothing else."""

import os
import signal
import sys

import pytest
from PIL import Image

from rivya_bridge.files.decoding.asking import decoders
from rivya_bridge.files.decoding.limits import MEGABYTE, Limits
from rivya_bridge.likeness import comparing
from rivya_bridge.likeness.comparing import compare, read
from rivya_bridge.likeness.distance import NotComparable
from rivya_bridge.likeness.pictures import read_picture
from rivya_bridge.likeness.sounds import read_sound
from rivya_bridge.likeness.videos import read_video
from rivya_bridge.refusals import Unavailable
from tests.likeness.conftest import scene, stripes

# A decoding program whose codec breaks off on what is called so, and works on everything else.
BAD_CODEC = """
import os, signal, time
from rivya_bridge.files.decoding.child import serve
from rivya_bridge.likeness.child import ACTS

def image(path, target):
    if path.name == "crash.png": os.kill(os.getpid(), signal.SIGSEGV)
    if path.name == "endless.png":
        while True: pass
    if path.name == "deadly.png":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    return ACTS["image"](path, target)

serve({"image": image})
"""


@pytest.fixture
def bad_codec(monkeypatch):
    command = (sys.executable, "-c", BAD_CODEC)
    monkeypatch.setattr(comparing, "COMMAND", command)
    yield
    decoders(command).close()


def test_it_works(saved, tone, film):
    """What comes back from the program is what it saw there, of each kind."""
    picture, sound, video = (
        saved(scene(), "a.png"), tone("a.wav"), film("a.mp4", [scene(), stripes()]),
    )  # fmt: skip
    assert read("image", picture) == read_picture(picture)
    assert read("audio", sound) == read_sound(sound)
    assert read("video", video) == read_video(video)


def test_many_pictures_take_one_program(saved):
    paths = [saved(scene(sun=at / 10), f"{at}.png") for at in range(5)]
    read("image", paths[0])
    started = [program._process for program in decoders(comparing.COMMAND)._all]
    for path in paths:
        read("image", path)
    assert [program._process for program in decoders(comparing.COMMAND)._all] == started
    assert decoders(comparing.COMMAND) is not decoders()


def test_a_picture_that_unpacks_to_too_much_is_refused_by_memory(tmp_path, monkeypatch):
    bomb = tmp_path / "bomb.png"
    Image.new("RGB", (8000, 8000)).save(bomb)
    assert bomb.stat().st_size < MEGABYTE
    monkeypatch.setattr(comparing, "LIMITS", Limits(memory_bytes=64 * MEGABYTE))
    with pytest.raises(NotComparable, match=r"^bomb\.png .* more than 64 MB of memory, the limit"):
        read("image", bomb)


def test_a_video_that_takes_too_much_memory_is_not_called_damaged(film, monkeypatch):
    path = film("a.mp4", [scene((1280, 720))])
    monkeypatch.setattr(comparing, "LIMITS", Limits(memory_bytes=8 * MEGABYTE))
    with pytest.raises(NotComparable, match="of memory, the limit"):
        read("video", path)


@pytest.mark.usefixtures("bad_codec")
def test_a_crash_ends_one_reading_with_the_files_name_and_the_next_goes_on(saved):
    good, bad = saved(scene(), "good.png"), saved(stripes(), "crash.png")
    with pytest.raises(NotComparable, match=r"^crash\.png cannot be read as image: .* broke off"):
        compare("image", good, bad)
    assert compare("image", good, good).value == 0


@pytest.mark.usefixtures("bad_codec")
def test_a_codec_that_does_not_end_is_stopped(saved, monkeypatch):
    monkeypatch.setattr(comparing, "LIMITS", Limits(seconds=0.3))
    with pytest.raises(NotComparable, match=r"^endless\.png .* longer than 0\.3 s, the limit"):
        read("image", saved(scene(), "endless.png"))


@pytest.mark.usefixtures("bad_codec")
def test_a_program_that_is_killed_at_every_try_is_not_the_files_fault(saved):
    with pytest.raises(Unavailable, match="does not answer"):
        read("image", saved(scene(), "deadly.png"))
    assert compare("image", *[saved(scene(), "good.png")] * 2).value == 0


def test_a_program_that_was_killed_between_two_pictures_is_started_again(saved):
    path = saved(scene(), "a.png")
    before = read("image", path)
    for program in decoders(comparing.COMMAND)._all:
        if program._process is not None:
            os.kill(program._process.pid, signal.SIGKILL)
            program._process.wait()
    assert read("image", path) == before
