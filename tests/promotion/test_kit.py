"""The integration kit runs as it was exported, from an empty folder, against the sandbox."""

import hashlib
import hmac
import io
import json
import os
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest
from PIL import Image

from rivya_bridge.automation.content import Draft
from rivya_bridge.automation.services import create_template
from rivya_bridge.files.services import store_result
from rivya_bridge.promotion.kit import build_kit
from tests.experiments.factories import add_models

pytestmark = pytest.mark.django_db
KEY = "rvya_sk_sandbox_full"


def make_version(**changes):
    add_models("z-image", "flux-2-pro")
    given = {
        "model_id": "z-image",
        "prompt": "A {{ subject }} on slate{% if warm %}, warm{% endif %}",
        "variables": [
            {"name": "subject", "default": "cup"},
            {"name": "warm", "type": "boolean", "default": False},
        ],
        "credit_cap": 100,
    }
    draft = Draft(**{**given, **changes})
    return create_template(name="Slate", slug="slate", draft=draft)


def with_photo():
    out = io.BytesIO()
    Image.new("RGB", (320, 240), "teal").save(out, "PNG")
    file = store_result(io.BytesIO(out.getvalue()), "photo of ours.png")
    slot = {"name": "photo", "kind": "image", "default_file": str(file.pk)}
    return make_version(
        model_id="flux-2-pro", fixed_params={"resolution": "1K"}, file_slots=[slot],
        exposed_params=[{"key": "aspectRatio", "default": "1:1"}],
    )  # fmt: skip


def unpack(version, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(build_kit(version))) as kit:
        kit.extractall(folder)
    return folder / "slate-v1"


def run(kit: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=kit,
        env={"PATH": os.environ["PATH"], "RIVYA_API_KEY": KEY, "POLL_SECONDS": "0.02", **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def journal(sandbox) -> dict:
    return httpx.get(f"{sandbox.base_url}/_sandbox/journal").json()


def test_it_works(sandbox, tmp_path):
    kit = unpack(make_version(), tmp_path)
    done = run(kit, sys.executable, "rivya_job.py", "subject=jug", "warm=yes", REQUEST_KEY="one")
    assert done.returncode == 0, done.stderr
    [name] = done.stdout.split()
    assert (kit / name).stat().st_size > 1_000
    again = run(kit, sys.executable, "rivya_job.py", "subject=jug", "warm=yes", REQUEST_KEY="one")
    assert again.stdout == done.stdout
    assert journal(sandbox)["generations_count"] == 1


def test_python_uploads_the_files_of_the_kit(sandbox, tmp_path):
    kit = unpack(with_photo(), tmp_path)
    done = run(kit, sys.executable, "rivya_job.py")
    assert done.returncode == 0, done.stderr
    assert (kit / "photo.png").exists()
    assert (kit / done.stdout.strip()).exists()


def test_python_refuses_before_anything_is_sent(sandbox, tmp_path):
    kit = unpack(make_version(), tmp_path)
    done = run(kit, sys.executable, "rivya_job.py", "subjct=jug")
    assert done.returncode == 1
    assert "The inputs are: subject, warm" in done.stderr
    assert journal(sandbox)["generations_count"] == 0


@pytest.mark.parametrize("make", [make_version, with_photo])
def test_the_shell_script_runs(sandbox, tmp_path, make):
    needed = ["curl"] + (["jq"] if make is with_photo else [])
    if absent := [tool for tool in needed if shutil.which(tool) is None]:
        pytest.skip(f"{', '.join(absent)} is not installed here.")
    done = run(unpack(make(), tmp_path), "sh", "submit.sh", REQUEST_KEY="two")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"].startswith("task_")
    assert journal(sandbox)["generations_count"] == 1


@pytest.mark.parametrize("category", ["image", "chat"])
def test_typescript_has_the_types_that_it_says(sandbox, tmp_path, category):
    tsc = shutil.which("tsc")
    roots = [
        path / "@types" for path in Path(tsc or "/").parents if (path / "@types/node").is_dir()
    ]
    if tsc is None or not roots:
        pytest.skip("tsc and @types/node are not installed together here.")
    if category == "chat":
        add_models("gpt-5-2-chat")
    kit = unpack(
        make_version(model_id="gpt-5-2-chat") if category == "chat" else make_version(), tmp_path
    )
    (kit / "package.json").write_text('{"type": "module"}')
    options = "--noEmit --strict --target es2022 --module nodenext --types node --skipLibCheck"
    done = run(kit, tsc, *options.split(), "--typeRoots", str(roots[0]), "rivya.ts", "job.ts")
    assert done.returncode == 0, done.stdout


def test_a_kit_holds_no_key_and_is_the_same_again(sandbox, settings):
    settings.RIVYA_API_KEY = "rvya_sk_canary_0123456789"
    version = make_version()
    raw = build_kit(version)
    assert raw == build_kit(version)
    with zipfile.ZipFile(io.BytesIO(raw)) as kit:
        texts = [kit.read(name).decode() for name in kit.namelist()]
    assert len(texts) == 9
    assert not any("canary" in text or "rvya_sk_" in text for text in texts)


def test_the_receiver_believes_only_what_is_signed_and_recent(sandbox, tmp_path):
    kit = unpack(make_version(), tmp_path)
    is_signed = runpy.run_path(str(kit / "webhook_receiver.py"))["is_signed"]

    def header(secret: str, raw: bytes, at: int) -> str:
        digest = hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()
        return f"t={at},v1={digest}"

    good = header("whsec_a", b"{}", 1_000)
    assert is_signed(b"{}", good, "whsec_a", 1_000)
    assert is_signed(b"{}", f"{good},v1=00", "whsec_a", 1_300)
    for raw, text, secret, now in (
        (b"{ }", good, "whsec_a", 1_000),
        (b"{}", good, "whsec_b", 1_000),
        (b"{}", good, "whsec_a", 1_301),
        (b"{}", good, "whsec_a", 699),
        (b"{}", "", "whsec_a", 1_000),
        (b"{}", "t=x,v1=é", "whsec_a", 1_000),
        (b"{}", good + ",t=1000", "whsec_a", 1_000),
    ):
        assert not is_signed(raw, text, secret, now)


def test_the_download(sandbox, signed_in_client):
    make_version()
    answer = signed_in_client.get("/templates/slate/versions/1/kit.zip")
    assert answer.headers["Content-Type"] == "application/zip"
    assert zipfile.is_zipfile(io.BytesIO(answer.content))
    assert signed_in_client.get("/templates/slate/versions/2/kit.zip").status_code == 404
