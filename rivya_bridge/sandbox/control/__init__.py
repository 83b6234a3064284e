"""The sandbox's page at `/`, and the routes under /_sandbox/ that tell a test the truth and turn
the sandbox's knobs.

Not part of Rivya's API: they stand outside /api/v1, need no key and are not in its description.
"""

from __future__ import annotations

from . import home, journal, requests, scenarios, world

ROUTES = [*home.ROUTES, *journal.ROUTES, *requests.ROUTES, *scenarios.ROUTES, *world.ROUTES]
