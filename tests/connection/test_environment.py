"""An address and a key of the environment: taken, or refused with one line before anything starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHOW = (
    "from django.conf import settings; from rivya_bridge import connection; "
    "print(settings.RIVYA_BASE_URL)"
)


def started(folder: Path, command: list[str], **given: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "BRIDGE_DATA_DIR": str(folder), "RIVYA_API_KEY": "rvya_sk_x"}
    environment["DJANGO_SETTINGS_MODULE"] = "rivya_bridge.settings"
    return subprocess.run(
        [sys.executable, *command],
        env=environment | given,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"RIVYA_BASE_URL": "http://stand-in:8000"}, "RIVYA_BASE_URL may use http:// for loopback"),
        ({"RIVYA_BASE_URL": "https://a.example/x"}, "RIVYA_BASE_URL must be an origin"),
        ({"RIVYA_API_KEY": "rvya sk canary"}, "RIVYA_API_KEY must be printable ASCII"),
        ({"RIVYA_API_KEY": "rvya_sk_sandbox_full"}, "RIVYA_API_KEY is a sandbox key"),
    ],
)
def test_what_could_never_work_is_refused(
    tmp_path: Path, given: dict[str, str], sentence: str
) -> None:
    ended = started(tmp_path, ["manage.py", "check"], **given)
    assert ended.returncode != 0
    assert ended.stderr.startswith(sentence)
    assert ended.stderr.count("\n") == 1
    assert "canary" not in ended.stderr


def test_the_version_in_the_address_makes_no_other_account(tmp_path: Path) -> None:
    ended = started(tmp_path, ["-c", SHOW], RIVYA_BASE_URL="http://localhost:9/api/v1/")
    assert ended.stdout == "http://localhost:9\n"
