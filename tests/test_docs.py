"""What the README promises is there."""

import re
from pathlib import Path

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
