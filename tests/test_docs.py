"""What the README promises is there."""

import re
from pathlib import Path

from rivya_bridge.sandbox.choices import SEED_KEYS
from rivya_bridge.sandbox.scenarios.entries import LIMITS
from rivya_bridge.sandbox.scenarios.registry import SCENARIOS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_of_the_environment_is_in_the_readme_and_no_other():
    sources = "\n".join(
        (ROOT / "rivya_bridge" / name).read_text(encoding="utf-8")
        for name in ("settings.py", "env.py")
    )
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', sources))
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))
    assert read == documented


def test_every_package_has_its_line():
    packages = {path.parent.name for path in (ROOT / "rivya_bridge").glob("*/__init__.py")}
    named = set(re.findall(r"^\| `rivya_bridge/(\w+)` \|", README, re.MULTILINE))
    assert packages == named


def test_every_linked_file_and_picture_is_there():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert len(links) >= 4
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_scenarios_of_the_sandbox_are_documented_as_they_are():
    text = (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")
    before, _, table = text.partition("## Scenarios\n")
    lines = {line.split("`")[1]: line for line in table.splitlines() if line.startswith("| `")}
    assert list(lines) == list(SCENARIOS)
    for scenario in SCENARIOS.values():
        line = lines[scenario.name]
        assert f"| {scenario.group} | {scenario.sentence} |" in line
        for parameter in scenario.parameters:
            default = parameter.default
            shown = default if isinstance(default, str) else f"{default:g}"
            assert f"`{parameter.name}={shown}`" in line
    assert [
        limit.name for limit in LIMITS if f"| `{limit.name}` | {limit.sentence} |" not in before
    ] == []
    assert [key for key in SEED_KEYS if f"`{key}`" not in before] == []


def test_every_test_that_the_fault_matrix_names_is_there():
    page = (ROOT / "docs/fault-matrix.md").read_text(encoding="utf-8")
    names = re.findall(r"`((?:tests|benchmarks)/[\w/]+\.py|test_\w+)`", page)
    assert len(names) > 80
    missing, code = [], ""
    for name in names:
        if "/" in name:
            path = ROOT / name
            code = path.read_text(encoding="utf-8") if path.exists() else ""
            missing += [] if code else [name]
        elif f"def {name}(" not in code:
            missing.append(name)
    assert missing == []


def test_every_row_of_the_fault_matrix_names_what_shows_it():
    page = (ROOT / "docs/fault-matrix.md").read_text(encoding="utf-8")
    before, _, _ = page.partition("## Races")
    rows = [line for line in before.splitlines() if line.startswith("|") and "---" not in line]
    shown = [row for row in rows if not row.startswith("| Fault |")]
    assert len(shown) >= 30
    assert [row for row in shown if "test_" not in row and "not run" not in row] == []
