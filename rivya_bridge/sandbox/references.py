"""Checks of params.referenceMediaItems against the model and the uploaded files.

Entry fields: docs/api-openapi-schema. The sandbox itself opens only files that were
uploaded to it; any other URL is accepted and never fetched.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from .catalogue import Model, accepted_kinds
from .choices import Choices
from .durations import token_matches
from .errors import invalid
from .store import Store, StoredFile

KINDS = ("image", "video", "audio")
TEXT_FIELDS = ("name", "mimeType", "durationToken")
ENTRY_FIELDS = frozenset({"url", "kind", "durationSeconds", *TEXT_FIELDS})
UPLOAD_PATH = re.compile(r"/uploads/(file_[0-9a-f]+)\.[a-z0-9]+")


def uploaded_file(store: Store, url: str) -> StoredFile | None:
    """The upload that a URL of this sandbox points at."""
    match = UPLOAD_PATH.fullmatch(_path(url))
    return store.file(match[1]) if match else None


class ReferenceDesk:
    """Judges reference entries of one account; `host` is the request's Host header."""

    def __init__(self, store: Store, choices: Choices, host: str, account: str) -> None:
        self._account = account
        self._store = store
        self._choices = choices
        self._host = host

    def check(self, items: object, model: Model) -> None:
        """Raise ApiError validation_failed for the first entry that breaks a rule."""
        if not isinstance(items, list):
            raise invalid("params.referenceMediaItems must be a list.")
        kinds = accepted_kinds(model)
        most = (model["reference_media"] or {}).get("max_files", 0)
        if items and not kinds:
            raise invalid(f"{model['id']} takes no reference media.")
        if len(items) > most:
            raise invalid(
                f"params.referenceMediaItems has {len(items)} entries; "
                f"the most for {model['id']} is {most}."
            )
        for number, item in enumerate(items):
            self._check_item(item, f"params.referenceMediaItems[{number}]", kinds)

    def _check_item(self, item: object, where: str, kinds: list[str]) -> None:
        entry = _checked_shape(item, where)
        if entry["kind"] not in kinds:
            raise invalid(f"{where}.kind {entry['kind']} is not taken; use {', '.join(kinds)}.")
        upload = uploaded_file(self._store, entry["url"])
        if upload is None or upload.account != self._account:
            self._refuse_unknown_upload(entry["url"], where)
        else:
            self._check_upload(upload, entry, where)

    def _refuse_unknown_upload(self, url: str, where: str) -> None:
        if urlsplit(url).netloc == self._host:
            raise invalid(f"{where}.url is not a file that was uploaded to this account.")

    def _check_upload(self, upload: StoredFile, entry: dict[str, Any], where: str) -> None:
        if upload.kind != entry["kind"]:
            raise invalid(f"{where}.kind is {entry['kind']} but the file is {upload.kind}.")
        if upload.duration_seconds is not None:
            self._check_duration(upload.id, upload.duration_seconds, entry, where)

    def _check_duration(
        self, file_id: str, seconds: float, entry: dict[str, Any], where: str
    ) -> None:
        token = entry.get("durationToken")
        if token is None and self._choices.requires_duration_token:
            raise invalid(f"{where}.durationToken is required: copy it from the upload.")
        if token is not None and not token_matches(self._store.secret, token, file_id, seconds):
            raise invalid(f"{where}.durationToken does not belong to this file.")
        claimed = entry.get("durationSeconds", seconds)
        if abs(claimed - seconds) > self._choices.duration_tolerance_seconds:
            raise invalid(f"{where}.durationSeconds is {claimed}; the file lasts {seconds:g}.")


def _checked_shape(item: object, where: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise invalid(f"{where} must be an object with url and kind.")
    for key in item:
        if key not in ENTRY_FIELDS:
            raise invalid(f"{where}.{key[:60]} is not a field of a reference.")
    if not isinstance(item.get("url"), str) or not _is_web_url(item["url"]):
        raise invalid(f"{where}.url must be an http or https URL.")
    if item.get("kind") not in KINDS:
        raise invalid(f"{where}.kind must be one of: {', '.join(KINDS)}.")
    for key in TEXT_FIELDS:
        if not isinstance(item.get(key, ""), str | None):
            raise invalid(f"{where}.{key} must be a string.")
    _check_seconds(item.get("durationSeconds", 0.0), where)
    return {key: value for key, value in item.items() if value is not None}


def _check_seconds(value: object, where: str) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"{where}.durationSeconds must be a number of seconds.")


def _is_web_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
