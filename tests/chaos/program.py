"""One of the product's programs, perhaps with a bug put into it or with a place at which it dies.

CHAOS_BUG names the bug, CHAOS_POINT the place; CHAOS_QUEUE a queue of the storm's own at a broker that
others use too.
"""

import os
import runpy
import sys
from collections.abc import Sequence

from tests.chaos.bugs import put_in
from tests.chaos.points import arm

NOTHING = "chaos.nothing"
"""A Celery task that does nothing, to measure beside ours."""


def nothing() -> None:
    """As cheap as a Celery task can be."""


def become(module: str, arguments: Sequence[str]) -> None:
    """Becomes `python -m module arguments`, in a process in which Django is set up."""
    from rivya_bridge.celery import app

    app.task(nothing, name=NOTHING, ignore_result=True)
    if os.environ.get("CHAOS_QUEUE"):
        app.conf.task_default_queue = os.environ["CHAOS_QUEUE"]
    put_in(os.environ.get("CHAOS_BUG", ""))
    arm(os.environ.get("CHAOS_POINT", ""))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
