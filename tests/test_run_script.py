"""What `./run` and `manage.py up` say, in one line, when a start cannot go on."""

import importlib.machinery
import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from rivya_bridge.dashboard.start_checks import (
    StartRefused,
    answers,
    only_one,
    refuse_used_port,
)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def run() -> ModuleType:
    """The script as a module of its own, so that a test may point it at another folder."""
    loader = importlib.machinery.SourceFileLoader("run_script", str(ROOT / "run"))
    spec = importlib.util.spec_from_loader("run_script", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def started(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "rivya_bridge.settings", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def one_line(ended: subprocess.CompletedProcess[str]) -> str:
    """The only line of a refusal, which goes to stderr and ends with 1."""
    assert ended.returncode == 1, ended
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    return lines[0]


def test_it_works() -> None:
    ended = started("run", "help")
    assert ended.returncode == 0
    assert "./run test ARGS" in ended.stdout


def test_the_help_names_every_command(run: ModuleType) -> None:
    for name in run.COMMANDS:
        assert name.startswith("-") or name == "help" or f"./run {name}" in run.HELP


def test_a_new_enough_python_is_not_refused(run: ModuleType) -> None:
    assert run.python_refusal((3, 11, 0), "python3", "posix") == ""
    assert run.python_refusal((3, 14, 1), "python3", "posix") == ""


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 10, 13), (2, 7, 18)])
def test_a_too_old_python_is_refused(run: ModuleType, version: tuple[int, ...]) -> None:
    refusal = run.python_refusal(version, "/usr/bin/python3", "posix")
    assert "needs Python 3.11 or newer" in refusal
    assert "/usr/bin/python3 is Python " + ".".join(map(str, version)) in refusal


def test_windows_is_refused(run: ModuleType) -> None:
    assert "WSL" in run.python_refusal((3, 12, 0), "python", "nt")


def test_the_script_parses_in_python_3_8() -> None:
    import ast

    ast.parse((ROOT / "run").read_text(), feature_version=(3, 8))


def test_an_unknown_command_is_refused() -> None:
    assert "no command '--port'" in one_line(started("run", "--port", "8010"))


def test_a_folder_that_cannot_hold_the_environment_is_refused(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(run, "VENV", tmp_path / "file" / ".venv")
    with pytest.raises(run.Refusal, match=r"The virtual environment .* cannot be made"):
        run._make_venv()


def test_an_environment_that_is_a_link_is_refused_and_its_target_left_alone(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "kept").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    monkeypatch.setattr(run, "VENV", tmp_path / "link")
    with pytest.raises(run.Refusal, match="remove the link"):
        run._make_venv()
    assert (tmp_path / "target" / "kept").exists()


def test_an_unreachable_registry_is_named_with_the_command_and_the_log(run: ModuleType) -> None:
    log = "WARNING: Retrying ... NewConnectionError(...)\nERROR: No matching distribution found"
    refusal = run._install_refusal(log, ["python3", "-m", "pip", "install"], 1)
    assert "package registry cannot be reached" in refusal
    assert "`python3 -m pip install` ended with 1" in refusal
    assert "install.log" in refusal


def test_another_failure_of_pip_is_told_by_its_last_error(run: ModuleType) -> None:
    refusal = run._install_refusal("ERROR: first\nERROR: THESE PACKAGES DO NOT MATCH", ["pip"], 1)
    assert "THESE PACKAGES DO NOT MATCH" in refusal


class TestInstall:
    """With an environment in a scratch folder and a stand-in for pip."""

    @pytest.fixture
    def installs(
        self, run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> list[str]:
        (tmp_path / "a.lock").write_text("one==1")
        venv = tmp_path / ".venv"
        for name, value in {
            "ROOT": tmp_path,
            "VENV": venv,
            "PYTHON": venv / "bin" / "python",
            "INSTALL_LOG": venv / "install.log",
            "HALF_DONE": venv / ".installing",
        }.items():
            monkeypatch.setattr(run, name, value)
        calls: list[str] = []
        monkeypatch.setattr(run, "_install_packages", lambda locks: calls.append(" ".join(locks)))
        return calls

    def test_a_second_start_installs_nothing(self, run: ModuleType, installs: list[str]) -> None:
        run.install(("a.lock",))
        run.install(("a.lock",))
        assert installs == ["a.lock"]

    def test_a_changed_lock_is_installed(self, run: ModuleType, installs: list[str]) -> None:
        run.install(("a.lock",))
        (run.ROOT / "a.lock").write_text("one==2")
        run.install(("a.lock",))
        assert len(installs) == 2

    def test_an_interrupted_install_is_repeated_from_nothing(
        self, run: ModuleType, installs: list[str]
    ) -> None:
        run.install(("a.lock",))
        (run.VENV / "torn").touch()
        run.HALF_DONE.touch()
        run.install(("a.lock",))
        assert len(installs) == 2
        assert not (run.VENV / "torn").exists()
        assert not run.HALF_DONE.exists()

    def test_a_failed_install_keeps_the_environment(
        self, run: ModuleType, installs: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run.install(("a.lock",))
        (run.ROOT / "a.lock").write_text("one==2")

        def fail(locks: tuple[str, ...]) -> None:
            raise run.Refusal("no network")

        monkeypatch.setattr(run, "_install_packages", fail)
        with pytest.raises(run.Refusal):
            run.install(("a.lock",))
        assert run._venv_works()
        assert not run.HALF_DONE.exists()
        assert not run._is_installed(("a.lock",))

    def test_a_moved_folder_gets_a_new_environment(
        self, run: ModuleType, installs: list[str]
    ) -> None:
        run.install(("a.lock",))
        config = run.VENV / "pyvenv.cfg"
        config.write_text(config.read_text().replace(str(run.VENV), "/elsewhere/.venv"))
        run.install(("a.lock",))
        assert len(installs) == 2
        assert run._venv_works()


def test_a_used_port_is_refused_with_the_variable_that_changes_it(taken_port: int) -> None:
    with pytest.raises(StartRefused) as refusal:
        refuse_used_port("127.0.0.1", taken_port, "SANDBOX_PORT")
    assert f"Port {taken_port} on 127.0.0.1 is in use" in str(refusal.value)
    assert "SANDBOX_PORT=" in str(refusal.value)


def test_a_free_port_is_not_refused(taken_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    refuse_used_port("127.0.0.1", free, "BRIDGE_PORT")
    assert not answers("127.0.0.1", free)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(StartRefused, match="check BRIDGE_HOST"):
        refuse_used_port("192.0.2.1", 8000, "BRIDGE_PORT")


def test_a_second_start_on_the_same_data_folder_is_refused(tmp_path: Path) -> None:
    with (
        only_one(tmp_path, "http://127.0.0.1:8000"),
        pytest.raises(StartRefused) as refusal,
        only_one(tmp_path, "http://127.0.0.1:9000"),
    ):
        pass
    assert f"http://127.0.0.1:8000, process {os.getpid()}" in str(refusal.value)
    with only_one(tmp_path, "http://127.0.0.1:9000"):
        assert "9000" in (tmp_path / "up.lock").read_text()


def test_a_data_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(StartRefused, match="set BRIDGE_DATA_DIR"),
        only_one(tmp_path / "absent", ""),
    ):
        pass


def test_up_names_the_used_port_in_one_line(tmp_path: Path, taken_port: int) -> None:
    ended = started("manage.py", "up", BRIDGE_DATA_DIR=str(tmp_path), BRIDGE_PORT=str(taken_port))
    assert f"Port {taken_port} on 127.0.0.1 is in use" in one_line(ended)


def test_up_names_the_sandbox_port_in_one_line(tmp_path: Path, taken_port: int) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        free, other = one.getsockname()[1], two.getsockname()[1]
    ended = started(
        "manage.py", "up",
        BRIDGE_DATA_DIR=str(tmp_path), BRIDGE_PORT=str(free), SANDBOX_PORT=str(taken_port),
        BRIDGE_WEBHOOK_PORT=str(other), RIVYA_API_KEY="",
    )  # fmt: skip
    assert "SANDBOX_PORT=" in one_line(ended)


def test_up_refuses_an_unwritable_data_folder_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = started("manage.py", "up", BRIDGE_DATA_DIR=str(tmp_path / "file" / "data"))
    assert "BRIDGE_DATA_DIR" in one_line(ended)


def test_up_refuses_nonsense_settings_in_one_line(tmp_path: Path) -> None:
    ended = started("manage.py", "up", BRIDGE_DATA_DIR=str(tmp_path), BRIDGE_PORT="eight")
    assert one_line(ended).startswith("BRIDGE_PORT is 'eight'")


def test_up_without_its_tables_says_how_to_make_them(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
        socket.create_server(("127.0.0.1", 0)) as three,
    ):
        ports = [server.getsockname()[1] for server in (one, two, three)]
    ended = started(
        "manage.py", "up",
        BRIDGE_DATA_DIR=str(tmp_path), BRIDGE_PORT=str(ports[0]), SANDBOX_PORT=str(ports[1]),
        BRIDGE_WEBHOOK_PORT=str(ports[2]),
    )  # fmt: skip
    assert "migrations: start with ./run" in one_line(ended)
