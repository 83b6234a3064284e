"""Results: which files a generation has, and making each of them once on demand."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

from .catalogue import Model
from .identifiers import new_id
from .outputs.brief import Brief, Reference
from .outputs.formats import extension
from .references import uploaded_file
from .store import Generation, Store

MAKERS = {"image": "picture", "video": "clip", "audio": "sound"}


def make(brief: Brief) -> bytes:
    """The bytes of one result.

    The makers load the codecs, which would double the time the sandbox takes to start.
    """
    maker = import_module(f".outputs.{MAKERS[brief.category]}", __package__)
    content: bytes = maker.render(brief)
    return content


def plan_results(model: Model, params: dict[str, Any]) -> list[str]:
    """The file names of a generation's results, `1.png` and so on."""
    suffix = extension(model["category"], params)
    count = int(params.get("max_images", 1)) if model["category"] == "image" else 1
    return [f"{number}.{suffix}" for number in range(1, count + 1)]


class Renderer:
    """Makes results in a few threads and keeps them in the store's folder.

    Identical inputs share one file; a file appears whole or not at all.
    """

    def __init__(self, store: Store, catalogue: dict[str, Model], threads: int) -> None:
        self._store = store
        self._catalogue = catalogue
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="render")
        self._lock = threading.Lock()
        self._under_way: dict[Path, Future[Path]] = {}

    def close(self) -> None:
        """Wait for what is being rendered and stop."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def result(self, generation: Generation, name: str) -> Future[Path]:
        """The path of a result, once it is there; `name` must be one of its names."""
        brief = self._brief(generation, name)
        path = self._store.results / f"{brief.digest}.{brief.extension}"
        with self._lock:
            running = self._under_way.get(path)
            if running is None:
                running = self._pool.submit(_make_once, brief, path)
                self._under_way[path] = running
                running.add_done_callback(lambda _: self._forget(path))
        return running

    def _forget(self, path: Path) -> None:
        # A callback may run in the submitting thread, which already holds the lock.
        self._under_way.pop(path, None)

    def _brief(self, generation: Generation, name: str) -> Brief:
        model = self._catalogue[generation.model]
        params = json.loads(generation.params)
        number, _, extension = name.partition(".")
        return Brief(
            model_id=model["id"],
            category=model["category"],
            prompt=generation.prompt,
            params=params,
            references=tuple(map(self._reference, params.get("referenceMediaItems", []))),
            index=int(number),
            extension=extension,
        )

    def _reference(self, item: dict[str, Any]) -> Reference:
        upload = uploaded_file(self._store, item["url"])
        if upload is None:
            return Reference(item["kind"], None, item["url"])
        return Reference(upload.kind, self._store.upload_path(upload), upload.sha256)


def _make_once(brief: Brief, path: Path) -> Path:
    if not path.exists():
        unfinished = path.with_name(new_id("part"))
        unfinished.write_bytes(make(brief))
        os.replace(unfinished, path)
    return path
