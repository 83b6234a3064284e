"""A chat model's options as params, so that every form, check and page treats them as the others. Pure.

Source: "docs/api-chat"; what a model has stands in the `chat_capabilities` of the model list.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rivya_bridge.rivya import Model, Param
from rivya_bridge.rivya.types.chat import ChatCapabilities, read_capabilities

WEB_SEARCH = "enable_web_search"
EFFORT = "reasoning_effort"
THOUGHTS = "include_thoughts"
OPTIONS = (WEB_SEARCH, EFFORT, THOUGHTS)
SWITCH = ("true", "false")


def with_chat_options(model: Model) -> Model:
    """A chat model with its options as params and images as its files; any other as it is.

    Twice is harmless.
    """
    if model.category != "chat":
        return model
    takes = read_capabilities(model)
    kinds = ("image",) if takes.image_attachments else ()
    others = [param for param in model.params if param.key not in OPTIONS]
    return replace(model, params=(*others, *_options(takes)), file_kinds=kinds)


def _options(takes: ChatCapabilities) -> list[Param]:
    options = []
    if takes.web_search:
        options.append(_param(WEB_SEARCH, SWITCH, "false", "Lets the model look things up."))
    if len(takes.reasoning_efforts) > 1:
        text = "How long the model may think before it answers."
        options.append(_param(EFFORT, takes.reasoning_efforts, takes.reasoning_efforts[0], text))
    if takes.thoughts:
        options.append(_param(THOUGHTS, SWITCH, "false", "Asks for the model's thoughts as well."))
    return options


def _param(key: str, options: tuple[str, ...], default: str, description: str) -> Param:
    return Param(
        key=key,
        type="select",
        required=False,
        default=default,
        min=None,
        max=None,
        step=None,
        options=options,
        description=description,
    )


def chat_arguments(params: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a turn as the body spells them: switches as JSON truths, the effort as a word."""
    said = {key: params[key] for key in OPTIONS if key in params}
    return {key: value if key == EFFORT else value == "true" for key, value in said.items()}
