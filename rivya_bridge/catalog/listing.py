"""What the page of models shows, and how it is narrowed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rivya_bridge.catalog.readiness import input_words, state_of, status_words
from rivya_bridge.catalog.references import accepted_kinds, limit_of, max_references
from rivya_bridge.rivya import Model

CATEGORIES = ("image", "video", "audio", "chat")
QUERY_LENGTH = 200


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One line of the page: the model, and in words its reference rules and what it is ready for."""

    model: Model
    references: str
    state: str
    status: str
    inputs: str


def model_row(model: Model) -> ModelRow:
    return ModelRow(
        model, references_text(model), state_of(model), status_words(model), input_words(model)
    )


def matching(models: Sequence[Model], query: str, state: str) -> list[Model]:
    """Models with every word of `query` in name, id or params, in a state ('' means any)."""
    words = query[:QUERY_LENGTH].lower().split()
    return [
        model
        for model in models
        if (not state or state_of(model) == state) and _has_words(model, words)
    ]


def _has_words(model: Model, words: Sequence[str]) -> bool:
    parts = (model.id, model.display_name, *(param.key for param in model.params))
    text = " ".join(parts).lower()
    return all(word in text for word in words)


def grouped(models: Sequence[Model]) -> list[tuple[str, list[ModelRow]]]:
    """Rows under their category, in the order in which people look for them."""
    rows = {
        name: [model_row(model) for model in group]
        for name, group in groupby(models, key=lambda model: model.category)
    }
    order = [*CATEGORIES, *(name for name in rows if name not in CATEGORIES)]
    return [(name, rows[name]) for name in order if name in rows]


def references_text(model: Model) -> str:
    """For example: up to 3, image ≤ 10 MB."""
    kinds = accepted_kinds(model)
    if not kinds:
        return "none"
    most = max_references(model)
    parts = [f"up to {most}" if most is not None else "any number"]
    for kind in kinds:
        size = limit_of(model, kind).max_size_mb
        parts.append(f"{kind} ≤ {size:g} MB" if size is not None else kind)
    return ", ".join(parts)
