"""The doorbell rings at the broker that the settings name, from every process that loads Django."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import django; django.setup()
from rivya_bridge.tasks.background import advance_task
print(advance_task.app.conf.broker_url)
"""


def test_it_works_in_a_process_that_never_names_celery(tmp_path):
    printed = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={
            "DJANGO_SETTINGS_MODULE": "rivya_bridge.settings",
            "BRIDGE_DATA_DIR": str(tmp_path),
            "PATH": "/usr/bin:/bin",
        },
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    assert printed == f"embedded:///{tmp_path}/broker.sqlite3"
