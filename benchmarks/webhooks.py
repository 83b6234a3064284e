"""Whether the receiver keeps what it acknowledges: `python benchmarks/webhooks.py [events a second] [seconds]`.

Signed events are posted over kept connections, each until it is acknowledged, while the receiver's process
is killed with SIGKILL every few seconds and started again. Prints how many were sent a second, the answers,
the kills, and how many acknowledged events are there exactly once; ends with 1 when one is not.
"""

import asyncio
import hashlib
import hmac
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.chaos.installation import Installation, Running, running_installation
from tests.chaos.plan import read_plan

PLAN = ["--tasks=0", "--kills=0", "--faults=0", "--workers=1"]
LINES = 48
KILL_SECONDS = (2.0, 6.0)


class Sender:
    """Posts events at a rate; `acknowledged` are the numbers that were answered 200."""

    def __init__(self, url: str, secret: str, rate: float, seconds: float) -> None:
        self._parts = urlsplit(url)
        self._secret = secret.encode()
        self._rate = rate
        self._ends = time.monotonic() + seconds
        self._numbers: asyncio.Queue[int | None] = asyncio.Queue(LINES * 4)
        self.answers: Counter[str] = Counter()
        self.acknowledged: set[int] = set()

    async def run(self) -> None:
        lines = [asyncio.create_task(self._line()) for _ in range(LINES)]
        started, number = time.monotonic(), 0
        while time.monotonic() < self._ends:
            while number < (time.monotonic() - started) * self._rate:
                await self._numbers.put(number)
                number += 1
            await asyncio.sleep(0.005)
        for _ in lines:
            await self._numbers.put(None)
        await asyncio.gather(*lines)

    async def _line(self) -> None:
        """One connection; a number that was not acknowledged is posted again."""
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while (number := await self._numbers.get()) is not None:
            while number not in self.acknowledged:
                try:
                    connection = connection or await self._connect()
                    status = await self._post(connection, number)
                except (OSError, asyncio.IncompleteReadError, ValueError):
                    self.answers["none"] += 1
                    connection = None
                    await asyncio.sleep(0.05)
                    continue
                self.answers[status] += 1
                if status == "200":
                    self.acknowledged.add(number)
        if connection:
            connection[1].close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._parts.hostname, self._parts.port)

    async def _post(
        self, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], number: int
    ) -> str:
        """The answer's status. Raises OSError, IncompleteReadError, ValueError."""
        reader, writer = connection
        data = {"id": f"task_{number}", "status": "succeeded", "model": "z-image"}
        event = {"id": f"evt_{number}", "type": "generation.succeeded", "data": data}
        body = json.dumps(event).encode()
        stamp = b"%d" % time.time()
        mark = hmac.new(self._secret, stamp + b"." + body, hashlib.sha256).hexdigest()
        writer.write(
            b"POST %s HTTP/1.1\r\nHost: receiver\r\nContent-Type: application/json\r\n"
            b"Rivya-Signature: t=%s,v1=%s\r\nContent-Length: %d\r\n\r\n"
            % (self._parts.path.encode(), stamp, mark.encode(), len(body))
            + body
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        return head.split(b" ")[1].decode()


async def storm(sender: Sender, receiver: Running, chance: random.Random) -> int:
    """Runs the sender to its end under kills; returns how many there were."""
    sending, kills = asyncio.create_task(sender.run()), 0
    while not sending.done():
        before = len(sender.acknowledged)
        await asyncio.wait([sending], timeout=chance.uniform(*KILL_SECONDS))
        if sending.done() or len(sender.acknowledged) == before:
            continue  # it is still on its way up
        receiver.kill()
        receiver.start()
        kills += 1
    await sending
    return kills


def main(rate: float, seconds: float) -> int:
    plan, _ = read_plan(PLAN)
    with (
        tempfile.TemporaryDirectory(prefix="bridge-hooks-", ignore_cleanup_errors=True) as name,
        running_installation(plan, Path(name)) as place,
    ):
        from rivya_bridge.connection.encryption import decrypt_key
        from rivya_bridge.webhooks.models import Endpoint

        endpoint = Endpoint.objects.get()
        started = time.monotonic()
        sender = Sender(endpoint.url, decrypt_key(endpoint.secret), rate, seconds)
        kills = asyncio.run(storm(sender, place.programs[-1], random.Random(7)))
        return report(place, sender, kills, time.monotonic() - started)


def report(place: Installation, sender: Sender, kills: int, seconds: float) -> int:
    from rivya_bridge.webhooks.models import Event

    rows = Event.objects.values_list("event_id", flat=True)
    there = Counter(rows)
    wanted = {f"evt_{number}" for number in sender.acknowledged}
    lost = sum(name not in there for name in wanted)
    doubled = sum(count > 1 for count in there.values())
    copies = sum(Event.objects.values_list("copies", flat=True)) - len(there)
    answers = ", ".join(f"{count} × {status}" for status, count in sorted(sender.answers.items()))
    print(
        f"{len(wanted)} events acknowledged in {seconds:.0f} s, {len(wanted) / seconds:.0f} a second"
    )
    print(f"answers: {answers}; the receiver was killed {kills} times")
    print(f"lost {lost}, doubled {doubled}; {copies} copies came and were counted")
    return int(bool(lost or doubled))


if __name__ == "__main__":
    numbers = [float(one) for one in sys.argv[1:]]
    sys.exit(main(*(numbers + [1000.0, 60.0][len(numbers) :])))
