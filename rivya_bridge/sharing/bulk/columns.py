"""The columns of a table of runs, in one place: for reading, for the page, for the header template."""

import csv
import io
import json
from dataclasses import dataclass

PARAM = "param."


@dataclass(frozen=True, slots=True)
class Column:
    """`example` is what the header template shows; '' leaves the cell empty."""

    name: str
    text: str
    example: str = ""


COLUMNS = (
    Column("key", "your own name for the row, which a later row may continue from", "first"),
    Column("model", "a model id of the model list; empty takes the one chosen above", "flux-2-pro"),
    Column("prompt", "the prompt as it was written", "A bottle on slate"),
    Column("params", 'an object in JSON, such as {"resolution": "2K"}', '{"resolution": "2K"}'),
    Column("param.NAME", "one param in a column of its own, such as param.resolution"),
    Column(
        "results",
        "files of the ZIP or folder by their path, or of the vault by id, SHA-256 or name; several "
        "are separated by |",
        "bottle-1.png|bottle-2.png",
    ),
    Column("references", "reference files, in order, named like results"),
    Column("result_text", "the answer of a chat model"),
    Column("credits", "what Studio charged, a whole number", "6"),
    Column("duration_seconds", "how long it took", "12.5"),
    Column("rating", "1 to 5", "4"),
    Column("verdict", "accepted or rejected", "accepted"),
    Column("note", "what you thought of it"),
    Column("continues_from", "the key of an earlier row, or # and a run's number, such as #12"),
)
NAMES = tuple(column.name for column in COLUMNS if column.name != "param.NAME")


def header_template(kind: str) -> str:
    """A table with every column and one example row, as csv or json."""
    row = {name: column.example for column in COLUMNS if (name := column.name) in NAMES}
    if kind == "json":
        example = {name: value for name, value in row.items() if value}
        shown = {
            **example,
            "params": json.loads(row["params"]),
            "results": row["results"].split("|"),
            "credits": int(row["credits"]),
            "duration_seconds": float(row["duration_seconds"]),
            "rating": int(row["rating"]),
        }
        return json.dumps([shown], indent=2) + "\n"
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(row)
    writer.writerow(row.values())
    return out.getvalue()
