"""Decoding in processes of their own: what goes wrong there ends nothing else."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from rivya_bridge.files.decoding.asking import Decoders, decoders, inspect, measure
from rivya_bridge.files.decoding.limits import MEGABYTE, Limits
from rivya_bridge.files.media import NotMedia
from rivya_bridge.files.media import inspect as inspect_here
from rivya_bridge.refusals import Refusal, Unavailable

# A decoding program with acts that a damaged codec might come to.
BAD_CODECS = """
import os, signal, time
from rivya_bridge.files.decoding.child import serve

def crash(path, target): os.kill(os.getpid(), signal.SIGSEGV)
def loop(path, target):
    while True: pass
def eat(path, target):
    pieces = []
    while True: pieces.append(bytearray(16 * 1024 * 1024))
def sleep(path, target):
    time.sleep(60)
def write(path, target):
    target.write_bytes(b"x" * 4096)
def leave(path, target): os._exit(0)
def environment(path, target): return dict(os.environ)
def kill_program(path, target): os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)

serve({name: act for name, act in globals().items() if callable(act) and name != "serve"})
"""


@pytest.fixture
def bad() -> Iterator[Decoders]:
    made = Decoders(programs=1, command=(sys.executable, "-c", BAD_CODECS))
    yield made
    made.close()


def test_it_works(picture, clip, sound, on_disk):
    for content in (picture("PNG", (700, 300)), clip(), sound()):
        path = on_disk(content)
        assert inspect(path) == inspect_here(path)
    assert measure(on_disk(sound())).level_db < 0


def test_a_refusal_is_told_word_for_word(on_disk):
    with pytest.raises(NotMedia, match="SVG drawing, which can carry scripts"):
        inspect(on_disk(b"<svg xmlns='http://www.w3.org/2000/svg'/>"))


def test_a_picture_that_unpacks_to_too_much_is_refused_by_memory(tmp_path):
    bomb = tmp_path / "bomb"
    Image.new("RGB", (8000, 8000)).save(bomb, "PNG")
    assert bomb.stat().st_size < MEGABYTE
    with pytest.raises(NotMedia, match="takes more than 64 MB of memory, the limit"):
        inspect(bomb, Limits(memory_bytes=64 * MEGABYTE))
    assert inspect(bomb).width == 8000


@pytest.mark.parametrize(
    ("act", "limits", "words"),
    [
        ("crash", Limits(), "broke off on it"),
        ("loop", Limits(seconds=0.3), "longer than 0.3 s"),
        ("sleep", Limits(seconds=0.3), "longer than 0.3 s"),
        ("eat", Limits(memory_bytes=64 * MEGABYTE), "more than 64 MB of memory"),
        ("leave", Limits(), "broke off on it"),
        ("write", Limits(file_bytes=0), "broke off on it"),
    ],
)
def test_what_a_codec_does_ends_one_decoding_and_no_more(bad, tmp_path, act, limits, words):
    with pytest.raises(NotMedia, match=words):
        bad.ask(act, tmp_path / "none", limits, str(tmp_path / "target"))
    assert "PATH" in bad.ask("environment", tmp_path, Limits())


def test_the_program_knows_nothing_of_the_server(bad, tmp_path, monkeypatch):
    monkeypatch.setenv("RIVYA_API_KEY", "rvya_sk_secret")
    assert not [name for name in bad.ask("environment", tmp_path, Limits()) if "RIVYA" in name]


def test_a_program_that_was_killed_is_started_again(picture, on_disk, tmp_path):
    path = on_disk(picture())
    made = Decoders(programs=1)
    made.ask("inspect", path, Limits())
    program = made._all[0]._process
    assert program is not None
    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    assert made.ask("inspect", path, Limits())["width"] == 64
    made.close()


def test_a_program_that_dies_of_a_file_twice_is_unavailable_and_not_the_files_fault(bad, tmp_path):
    with pytest.raises(Unavailable, match="does not answer"):
        bad.ask("kill_program", tmp_path, Limits())


def test_many_threads_share_a_few_programs(picture, on_disk):
    path = on_disk(picture())
    made, found = Decoders(programs=2), []
    threads = [
        threading.Thread(target=lambda: found.append(made.ask("inspect", path, Limits())))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one["width"] for one in found] == [64] * 8
    made.close()


def test_one_process_starts_its_programs_once(picture, on_disk):
    path = on_disk(picture())
    inspect(path)
    before = [program._process for program in decoders()._all]
    inspect(path)
    assert [program._process for program in decoders()._all] == before


@pytest.mark.django_db
def test_an_upload_that_breaks_its_decoder_is_refused_and_leaves_nothing(
    settings, tmp_path, monkeypatch
):
    from rivya_bridge.files.decoding import asking
    from rivya_bridge.files.models import StoredFile
    from rivya_bridge.files.services import store_upload

    settings.FILES_DIR = tmp_path / "files"
    monkeypatch.setattr(asking.inspect, "__defaults__", (Limits(memory_bytes=32 * MEGABYTE),))
    bomb = tmp_path / "bomb.png"
    Image.new("RGB", (6000, 6000)).save(bomb)
    with (
        bomb.open("rb") as stream,
        pytest.raises(Refusal, match="Decoding it takes more"),
    ):
        store_upload(stream, "bomb.png")
    assert not StoredFile.objects.exists()
    assert [path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()] == []
