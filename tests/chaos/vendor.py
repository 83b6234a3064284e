"""A storm's vendor, a process of its own: `-m tests.chaos.vendor FOLDER PORT SPEED SHARE LIMITS SEED DRAWS`.

It is the sandbox behind faults. It is never killed: what it wrote down is one of the three histories.
"""

import random
import signal
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from rivya_bridge.sandbox import rendering
from rivya_bridge.sandbox.app import create_app
from rivya_bridge.sandbox.choices import Choices
from rivya_bridge.sandbox.serve import QuietServer, bind, configure
from rivya_bridge.sandbox.store import Store
from tests.chaos.faults import FaultyVendor
from tests.plain_results import draw_plainly

BALANCE = 1_000_000
CHOICES = Choices(
    rate_limit=0,
    opening_balance=BALANCE,
    allow_local_webhooks=True,
    webhook_retry_scale=0.05,
)


def main(
    folder: str, port: str, speed: str, share: str, limits: str, seed: str, draws: str
) -> None:
    """Serves until it is told to stop."""
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn stops by itself and repeats the signal
    if draws == "False":
        rendering.make = draw_plainly
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    with Store(place / "sandbox") as store, closing(bind("127.0.0.1", int(port))) as bound:
        app = FaultyVendor(
            create_app(store, time.time, replace(CHOICES, speed=float(speed))),
            float(share),
            float(limits),
            random.Random(f"{seed}:faults"),
            place / "requests.jsonl",
        )
        QuietServer(configure(app)).run([bound])


if __name__ == "__main__":
    main(*sys.argv[1:])
