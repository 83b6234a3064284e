"""The whole main job over HTTP against the real product: web, worker and vendor in own processes."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from rivya_bridge.sandbox.serve import running_sandbox
from tests.browser.product import ROOT, Product, running_product


def _demo(product: Product) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "demo"],
        env=product.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _journal(base_url: str) -> dict[str, object]:
    return httpx.get(f"{base_url}/_sandbox/journal", trust_env=False, timeout=30).json()


def _worker_pids(data_dir: str) -> list[int]:
    """The Celery worker of this installation, found by its data folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes()
            if b"celery" in command and f"BRIDGE_DATA_DIR={data_dir}\0".encode() in environment:
                found.append(int(folder.name))
    return found


def _counted(output: str) -> tuple[int, int]:
    """Tasks in history and credits in the ledger, as the demo's audit printed them."""
    line = re.search(r"Task history holds (\d+) tasks .* ledger says (\d+)\.", output)
    assert line, output
    return int(line[1]), int(line[2])


def test_the_demo_survives_a_killed_worker_and_nothing_happens_twice(tmp_path):
    with running_product(tmp_path) as product:
        data_dir = product.environment["BRIDGE_DATA_DIR"]
        sandbox_url = f"http://127.0.0.1:{product.environment['SANDBOX_PORT']}"
        kills, lines = 0, []
        with _demo(product) as demo:
            assert demo.stdout is not None
            for line in demo.stdout:
                lines.append(line)
                # Once while the runs are being sent, and once more while the jobs are.
                if line.startswith(("Started a second experiment", "Promoted")):
                    for pid in _worker_pids(data_dir):
                        os.kill(pid, signal.SIGKILL)
                        kills += 1
        output = "".join(lines)
        assert demo.returncode == 0, output
        assert kills == 2, output
        tasks, credits = _counted(output)
        journal = _journal(sandbox_url)
        keys = [one["idempotency_key"] for one in journal["generations"]]
        assert len(keys) == len(set(keys)) == tasks
        assert journal["charged_credits"] == credits
        assert journal["by_status"] == {"succeeded": tasks}


def test_the_button_of_an_empty_home_page_carries_out_the_demo(tmp_path):
    with (
        running_product(tmp_path) as product,
        httpx.Client(trust_env=False, follow_redirects=True, timeout=30) as browser,
    ):
        home = browser.get(product.first_link)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', home.text)
        assert token and "Show me the demo" in home.text
        answer = browser.post(
            f"{product.base_url}/demo/start/",
            data={"csrfmiddlewaretoken": token[1]},
            headers={"Origin": product.base_url},
        )
        assert "The demo is at work" in answer.text
        give_up = time.monotonic() + 120
        while "The demo is at work" in (page := browser.get(product.base_url).text):
            assert time.monotonic() < give_up, page
            time.sleep(0.5)
        assert "The demo stopped" not in page
        assert "Bottle on wet slate" in page
        assert "Product on a surface" in page


def test_the_demo_works_with_another_server_and_says_which_account_is_in_use(tmp_path):
    with (
        running_sandbox(tmp_path / "vendor", speed=5.0, rate_limit=60) as vendor,
        running_product(
            tmp_path,
            RIVYA_BASE_URL=f"{vendor.base_url}/api/v1",
            RIVYA_API_KEY="rvya_sk_sandbox_full",
        ) as product,
    ):
        with _demo(product) as demo:
            output, _ = demo.communicate(timeout=240)
        assert demo.returncode == 0, output
        tasks, credits = _counted(output)
        journal = _journal(vendor.base_url)
        assert journal["generations_count"] == tasks
        assert journal["charged_credits"] == credits
        with httpx.Client(trust_env=False, follow_redirects=True, timeout=30) as browser:
            page = browser.get(product.sign_in_link()).text
        host = vendor.base_url.removeprefix("http://")
        assert f"{host} ··full" in page
        assert "rvya_sk_sandbox_full" not in page
