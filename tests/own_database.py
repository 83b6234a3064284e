"""A PostgreSQL database for one run, dropped at its end."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


@contextmanager
def own_database(
    server: str, prefix: str, *, like: str = "template1", syncs: bool = True
) -> Iterator[str]:
    """The address of a new database at `server`, a copy of the one named `like`.

    `syncs`: commits wait for the disk; who kills no PostgreSQL and outlives no power cut may do without.
    Raises psycopg.OperationalError when no PostgreSQL answers.
    """
    name = f"{prefix}_{secrets.token_hex(5)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as line:
        line.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        try:
            if not syncs:
                line.execute(f"ALTER DATABASE {name} SET synchronous_commit TO off")
            yield f"{server}/{name}"
        finally:
            line.execute(f"DROP DATABASE {name} WITH (FORCE)")
