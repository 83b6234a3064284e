"""The product steers by what an error says of itself, never by status numbers."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "rivya_bridge"
# Their numbers are not Rivya's: the sandbox's own, those of other servers, and of our own answers.
OTHERS = {"rivya", "sandbox", "web", "notices", "webhooks"}


def comparisons(source: str) -> list[int]:
    """Lines that compare something named http_status or status_code, or match it."""
    names = {"http_status", "status_code"}
    found = []
    for node in ast.walk(ast.parse(source)):
        inner = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        inner += [node.subject] if isinstance(node, ast.Match) else []
        if any(isinstance(one, ast.Attribute) and one.attr in names for one in inner):
            found.append(node.lineno)
    return found


def test_no_consumer_compares_status_numbers() -> None:
    guilty = {
        str(path.relative_to(ROOT)): lines
        for path in ROOT.rglob("*.py")
        if path.relative_to(ROOT).parts[0] not in OTHERS
        and "kit" not in path.parts
        and "demo" not in path.parts
        and (lines := comparisons(path.read_text(encoding="utf-8")))
    }
    assert guilty == {}


def test_a_comparison_is_found() -> None:
    assert comparisons("if error.http_status == 429:\n    pass\n") == [1]
    assert comparisons("match answer.status_code:\n    case 404: pass\n") == [1]
    assert comparisons("row.update(http_status=error.http_status)\n") == []
