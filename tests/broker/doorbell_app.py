"""A Celery application with one task, for workers that the tests start and kill.

The task writes a line when it starts and another when it ends, and in between it waits for as long
as the file named by HOLD exists.
"""

import os
import time
from pathlib import Path

from celery import Celery

from rivya_bridge.broker import register, url_for

register()
folder = Path(os.environ["DOORBELL_FOLDER"])
app = Celery("doorbell", broker=url_for(folder / "broker.sqlite3"))
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": float(os.environ["DOORBELL_VISIBILITY"])},
)


def write(line: str) -> None:
    with (folder / "lines").open("a") as lines:
        lines.write(line + "\n")


@app.task(name="ring")
def ring(number: int) -> None:
    write(f"start {number} {os.getpid()}")
    while (folder / "hold").exists():
        time.sleep(0.02)
    write(f"end {number} {os.getpid()}")
