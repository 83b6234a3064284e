"""One of the product's programs, perhaps with a bug put into it: `python -m tests.chaos.program celery ...`.

CHAOS_BUG names the bug; CHAOS_QUEUE a queue of the storm's own at a broker that others use too.
"""

import os
import runpy
import sys

import django

from tests.chaos.bugs import put_in

NOTHING = "chaos.nothing"
"""A Celery task that does nothing, to measure beside ours."""


def nothing() -> None:
    """As cheap as a Celery task can be."""


def main() -> None:
    """Becomes the module that the first argument names."""
    django.setup()
    from rivya_bridge.celery import app

    app.task(nothing, name=NOTHING, ignore_result=True)
    if os.environ.get("CHAOS_QUEUE"):
        app.conf.task_default_queue = os.environ["CHAOS_QUEUE"]
    put_in(os.environ.get("CHAOS_BUG", ""))
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
