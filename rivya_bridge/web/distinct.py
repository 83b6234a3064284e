"""The different values of a column, found by jumping through its index."""

from typing import Any, TypeVar

from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL

Row = TypeVar("Row", bound=Model)


def distinct_values(rows: QuerySet[Row, Any], column: str) -> list[str]:
    """The values of a text column among `rows`, in order (one query).

    DISTINCT reads every row. This asks for the least value, then for the least one above it, and so
    on: each step is one look into an index that begins with what `rows` are filtered by, then the
    column.
    """
    above = RawSQL("step.value", ())
    first, first_values = _least(rows, column)
    following, following_values = _least(rows.filter(**{f"{column}__gt": above}), column)
    sql = (
        f"WITH RECURSIVE step(value) AS (SELECT ({first}) UNION ALL "  # noqa: S608 - Django's own SQL
        f"SELECT ({following}) FROM step WHERE step.value IS NOT NULL) "
        "SELECT value FROM step WHERE value IS NOT NULL"
    )
    with connections[rows.db].cursor() as cursor:
        cursor.execute(sql, [*first_values, *following_values])
        return [value for (value,) in cursor.fetchall()]


def _least(rows: QuerySet[Row, Any], column: str) -> tuple[str, tuple[Any, ...]]:
    query = rows.order_by(column).values_list(column, flat=True)[:1].query
    sql, values = query.get_compiler(rows.db).as_sql()
    return str(sql), tuple(values)
