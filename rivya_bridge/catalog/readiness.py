"""What the list's words on readiness mean for somebody who wants to use a model. Pure."""

from typing import Final

from rivya_bridge.rivya import Model

STATES: Final = ("ready", "unknown", "closed")

_STATUS: Final = {
    "available": "At least one way through the API works.",
    "coming_soon": "Announced, and not open to the API yet.",
    "studio_only": "Works in Studio only; the API cannot run it.",
    "unlisted": "No longer in the model list; the API will not run it.",
}
_MAYBE: Final = "It may be tried: Rivya refuses by itself what it cannot run, and charges nothing."
_INPUTS: Final = {
    "available_text": "A prompt alone is enough.",
    "available_url_input": "Public addresses or plain params can be sent directly.",
    "partial_requires_files": "Some modes work from a prompt; modes with references need uploads.",
    "requires_files_api": "Needs an uploaded reference file.",
}


def state_of(model: Model) -> str:
    """ready, closed, or unknown where the list's word is missing or not documented."""
    if not model.is_available:
        return "closed"
    return "ready" if model.is_readiness_known else "unknown"


def status_words(model: Model) -> str:
    """`api_status` as a sentence."""
    if model.api_status in _STATUS:
        return _STATUS[model.api_status]
    if not model.api_status:
        return f"The list does not say whether the API can run it. {_MAYBE}"
    return f"The list says “{model.api_status[:60]}”, a word that is not documented. {_MAYBE}"


def input_words(model: Model) -> str:
    """`api_input_status` as a sentence."""
    if model.api_input_status in _INPUTS:
        return _INPUTS[model.api_input_status]
    if not model.api_input_status:
        return "The list does not say what it starts from."
    return f"The list says “{model.api_input_status[:60]}”, a word that is not documented."
