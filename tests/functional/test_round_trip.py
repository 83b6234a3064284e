"""Every model: a run is promoted, and a job with its defaults sends the run's own body.

Both bodies are read from the journal of the sandbox that received them, over a socket.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from rivya_bridge.automation.prompts import escape_prompt
from rivya_bridge.catalog.params import DIALOGUE_KEY, DIALOGUE_MODEL, takes_prompt
from rivya_bridge.catalog.references import accepted_kinds
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.catalog.services import refresh_catalog
from rivya_bridge.connection import close_clients
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.files.models import StoredFile
from rivya_bridge.rivya import Model, Param
from rivya_bridge.sandbox import rendering
from rivya_bridge.sandbox.catalogue import load_catalogue
from rivya_bridge.sandbox.choices import Choices
from rivya_bridge.sandbox.serve import RunningSandbox, running_sandbox
from rivya_bridge.texts import clean_text
from tests.functional.round_trip import (
    canonical,
    params,
    prompts,
    reference_kinds,
    stored,
    there_and_back,
)
from tests.plain_results import draw_plainly

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_bell")]

MODELS = list(load_catalogue())


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folder = tmp_path_factory.mktemp("round-trip")
    with (
        pytest.MonkeyPatch.context() as patch,
        running_sandbox(folder, choices=Choices(rate_limit=0), balance=1_000_000) as running,
    ):
        patch.setattr(rendering, "make", draw_plainly)
        yield running


@pytest.fixture
def at_home(vendor: RunningSandbox, settings: Any) -> Iterator[RunningSandbox]:
    settings.RIVYA_BASE_URL = vendor.base_url
    assert refresh_catalog().error == ""
    refresh_wallet()
    yield vendor
    close_clients()


def value_of(param: Param, which: int) -> Any:
    """The first or the last value that the model's entry allows; None for what is left out."""
    if param.options:
        return param.options[which]
    bounds = [one for one in (param.min, param.max) if one is not None]
    if param.type == "number" and bounds:
        return bounds[which]
    return param.default or ("calm" if param.required else None)


def params_of(model: Model, which: int) -> dict[str, Any]:
    chosen = {param.key: value_of(param, which) for param in model.params}
    chosen = {key: value for key, value in chosen.items() if value is not None}
    if model.id == DIALOGUE_MODEL:
        chosen[DIALOGUE_KEY] = [{"text": "Hello there.", "voice": "Rachel"}]
    return chosen


def references_of(model: Model) -> list[StoredFile]:
    """One file of the first kind that the model takes."""
    return [stored(kind, 0) for kind in accepted_kinds(model)[:1]]


@pytest.mark.parametrize("which", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize("name", MODELS)
def test_a_job_with_its_defaults_sends_what_the_run_sent(
    at_home: RunningSandbox, name: str, which: int
) -> None:
    model = get_model(name)
    request = {
        "model_id": name,
        "prompt": "A red kettle on slate, café light — 30%" if takes_prompt(model) else "",
        "params": params_of(model, which),
        "references": references_of(model),
    }
    sent, repeated = there_and_back(at_home, request)
    assert sent["model"] == name
    assert canonical(repeated) == canonical(sent)


def test_all_models_are_there() -> None:
    assert len(MODELS) == 58


@settings(
    max_examples=30,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take minutes
)
@given(data=st.data())
def test_whatever_a_run_asked_its_template_asks_again(
    at_home: RunningSandbox, data: st.DataObject
) -> None:
    """Params fixed or exposed, a part of the prompt as a variable, files in their order."""
    model = get_model(data.draw(st.sampled_from(MODELS), label="model"))
    prompt = data.draw(prompts(model), label="prompt") if takes_prompt(model) else ""
    chosen = data.draw(params(model), label="params")
    kinds = data.draw(reference_kinds(model), label="references")
    request = {
        "model_id": model.id,
        "prompt": prompt,
        "params": chosen,
        "references": [stored(kind, number) for number, kind in enumerate(kinds)],
    }
    keys = [param.key for param in model.params if param.key in chosen]
    exposed = data.draw(st.lists(st.sampled_from(keys), unique=True), label="set") if keys else []
    choices = data.draw(parts(clean_text(prompt) or ""), label="variable")
    fixed = {key: value for key, value in chosen.items() if key not in exposed}
    sent, repeated = there_and_back(
        at_home, request, exposed_params=exposed, fixed_params=fixed, **choices
    )
    assert canonical(repeated) == canonical(sent)


@st.composite
def parts(draw: st.DrawFn, prompt: str) -> dict[str, Any]:
    """Nothing, or some of the prompt's own text as a variable with that text as its default."""
    if not prompt or draw(st.booleans()):
        return {}
    start = draw(st.integers(0, len(prompt) - 1))
    end = draw(st.integers(start + 1, len(prompt)))
    source = f"{escape_prompt(prompt[:start])}{{{{ part }}}}{escape_prompt(prompt[end:])}"
    return {"prompt": source, "variables": [{"name": "part", "default": prompt[start:end]}]}
