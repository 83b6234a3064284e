"""The ZIP of a version: its manifest, the code beside this module, and its default files. No key."""

import io
import json
import zipfile
from copy import copy
from pathlib import Path, PurePosixPath
from typing import Any

from rivya_bridge.automation.models import TemplateVersion
from rivya_bridge.automation.portable.template_files import version_document
from rivya_bridge.connection import current_connection
from rivya_bridge.files import store
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.selectors import get_file
from rivya_bridge.files.services import lost_bytes
from rivya_bridge.promotion.round_trip import made_request
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.chat_code import chat_body, chat_curl
from rivya_bridge.tasks.code import SUFFIXES, Call, as_curl

FILES = Path(__file__).parent / "files"
# A chat turn is answered in the call itself: its kit has these instead, and receives no webhooks.
CHAT_FILES = Path(__file__).parent / "chat"
WITHOUT_CHAT = "webhook_receiver.py"
MOST_BYTES = 100 * 1024 * 1024
# Every file of a kit has the oldest time that a ZIP can say, so that one version gives the same bytes.
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def build_kit(version: TemplateVersion) -> bytes:
    """The ZIP's bytes; the same version and connection give the same ones.

    Raises Refusal when a default file is lost, or all of them are larger than 100 MB.
    """
    files = _default_files(version)
    size = sum(file.size_bytes for file in files.values())
    if size > MOST_BYTES:
        text = f"The default files have {size:,} bytes; a kit holds at most {MOST_BYTES:,}."
        raise Refusal.field("file_slots", text, MOST_BYTES)
    base_url = current_connection().base_url
    texts = _code(version)
    texts["README.md"] = _filled(texts["README.md"], version, base_url)
    texts["template.json"] = _json(version_document(version))
    texts["manifest.json"] = _json(_manifest(version, files, base_url))
    if script := _curl(version, files, base_url):
        texts["submit.sh"] = script
    folder = f"{version.template.slug}-v{version.number}"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as kit:
        for name, text in sorted(texts.items()):
            kit.writestr(_entry(f"{folder}/{name}"), text)
        for file in files.values():
            kit.writestr(_entry(f"{folder}/{file.name}"), _bytes(file))
    return out.getvalue()


def _code(version: TemplateVersion) -> dict[str, str]:
    """The files that every version of a category has, by name."""
    is_chat = version.category == "chat"
    paths = [*FILES.iterdir(), *(CHAT_FILES.iterdir() if is_chat else ())]
    texts = {path.name: path.read_text(encoding="utf-8") for path in paths if path.is_file()}
    return {name: text for name, text in texts.items() if not is_chat or name != WITHOUT_CHAT}


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _default_files(version: TemplateVersion) -> dict[str, StoredFile]:
    """The default file of every slot that has one, named after its slot (one query for each)."""
    found = {}
    for slot in version.file_slots:
        if slot["default_file"]:
            file = copy(get_file(slot["default_file"]))
            suffix = SUFFIXES.get(file.mime_type) or PurePosixPath(file.name).suffix[1:] or "bin"
            file.name = f"{slot['name']}.{suffix}"
            found[slot["name"]] = file
    return found


def _bytes(file: StoredFile) -> bytes:
    try:
        return store.path_of(file.sha256).read_bytes()
    except FileNotFoundError as error:
        raise lost_bytes(file) from error


def _manifest(
    version: TemplateVersion, files: dict[str, StoredFile], base_url: str
) -> dict[str, Any]:
    return {
        "kit": 1,
        "template": version.template.slug,
        "number": version.number,
        "base_url": base_url,
        "files": {slot: {"path": f.name, "sha256": f.sha256} for slot, f in files.items()},
    }


def _curl(version: TemplateVersion, files: dict[str, StoredFile], base_url: str) -> str:
    """The call with the defaults, '' where these alone make none."""
    try:
        prompt, params, references = made_request(version, {})
    except Refusal:
        return ""
    names = {file.pk: file for file in files.values()}
    call = Call(version.model_id, prompt, params, [names.get(file.pk, file) for file in references])
    if version.category != "chat":
        return as_curl(call, base_url)
    body = chat_body(version.model_id, prompt, params)
    return chat_curl(body, [name for name, _ in call.files], base_url, streams=False)


def _filled(readme: str, version: TemplateVersion, base_url: str) -> str:
    values = {
        "NAME": version.template.name,
        "NUMBER": str(version.number),
        "MODEL": version.model_id,
        "CAP": str(version.credit_cap),
        "BASE_URL": base_url,
    }
    for name, value in values.items():
        readme = readme.replace(f"@{name}@", value)
    return readme


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
