"""What one storm does: its size, its seed, and how long it may last."""

import argparse
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """One storm. Times are seconds; `faults` is the share of the vendor's answers that go wrong,
    `rate_limits` the weight of rate limits among them."""

    tasks: int
    kills: int
    faults: float
    rate_limits: float
    seed: int
    workers: int
    kill_seconds: float
    signal: str
    """What processes get: "kill" (SIGKILL), or "term" (SIGTERM, upon which they have to end within 20 s)."""
    drain_seconds: float
    bug: str
    postgres: str
    broker: str
    keep: str
    speed: float
    """How many times as fast as life the vendor works."""
    in_flight: int
    reads: int
    """RIVYA_IN_FLIGHT and RIVYA_READS_PER_SECOND."""
    draws: bool
    """Whether the vendor draws its pictures as the sandbox does, which takes long."""

    def random(self, part: str) -> random.Random:
        """A source of chance of its own for each part, so that their order does not matter."""
        return random.Random(f"{self.seed}:{part}")


def read_plan(arguments: Sequence[str]) -> tuple[Plan, argparse.Namespace]:
    """The plan of the command line, and all that was given on it."""
    options = _parser().parse_args(arguments)
    seed = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    plan = Plan(
        tasks=options.tasks,
        kills=options.kills,
        faults=options.faults,
        rate_limits=options.rate_limits,
        seed=seed,
        workers=options.workers,
        kill_seconds=options.kill_seconds,
        signal=options.signal,
        drain_seconds=options.drain_seconds,
        bug=options.bug,
        postgres=options.postgres,
        broker=options.broker,
        keep=options.keep,
        speed=options.speed,
        in_flight=options.in_flight,
        reads=options.reads,
        draws=options.draws,
    )
    return plan, options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run chaos",
        description="Kills the product at random while a faulty vendor serves it, and audits what came "
        "of it from three histories. Ends with 1 when anything is lost, doubled, stuck or miscounted.",
    )
    add = parser.add_argument
    add("--tasks", type=int, default=2000, help="jobs to ask for")
    add("--kills", type=int, default=500, help="SIGKILLs of workers and of the web process")
    add("--faults", type=float, default=0.2, help="share of the vendor's answers that go wrong")
    add(
        "--rate-limits", type=float, default=0.4, help="weight of 429 among the faults, of about 30"
    )
    add("--seed", type=int, default=None, help="repeats the choices of an earlier storm")
    add("--workers", type=int, default=2, help="worker processes")
    add("--kill-seconds", type=float, default=4.0, help="longest wait for work before a kill")
    add("--signal", choices=["kill", "term"], default="kill", help="SIGTERM instead of SIGKILL")
    add("--drain-seconds", type=float, default=90.0, help="standstill that counts as stuck")
    add("--bug", default="", help="run with this seeded bug, which the audit has to find")
    add("--bugs", nargs="*", default=None, help="a small storm for each seeded bug, or those named")
    add("--postgres", default="", help="postgres://user@host:5432: a database of its own there")
    add("--broker", default="", help="redis:// or amqp:// instead of the embedded broker")
    add("--speed", type=float, default=8.0, help="how many times as fast as life the vendor works")
    add("--in-flight", type=int, default=48, help="RIVYA_IN_FLIGHT")
    add("--reads", type=int, default=50, help="RIVYA_READS_PER_SECOND")
    add("--draws", action="store_true", help="real pictures instead of plain ones")
    add("--points", nargs="*", default=None, help="die at each crash point, or at those named")
    add("--keep", default="", help="keep the data and the logs in this folder")
    return parser
