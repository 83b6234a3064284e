"""Copy as code from a run form as it stands, whether or not it could be sent."""

from typing import Any

from django import forms

from rivya_bridge.catalog.forms import ParamsForm
from rivya_bridge.catalog.params import check_request
from rivya_bridge.files.models import StoredFile
from rivya_bridge.rivya import Model
from rivya_bridge.tasks.code import Call, snippets


def form_code(
    model: Model | None,
    form: forms.Form,
    params_form: ParamsForm | None,
    references: list[StoredFile],
) -> dict[str, Any]:
    """For `experiments/_form_code.html`: the code, and what Rivya would refuse of the request.

    Values that the forms cannot read are left out and named.
    """
    if model is None:
        return {"code": [], "code_problems": ["Choose a model first."]}
    prompt = str(form.cleaned_data.get("prompt", "")).replace("\r\n", "\n")
    params = params_form.to_params() if params_form else {}
    unread = [
        f"{bound.label}: {error}"
        for one in (form, params_form)
        if one is not None
        for bound in one
        for error in bound.errors
    ]
    problems = check_request(model, prompt=prompt, params=params, references=references)
    call = Call(model.id, prompt, params, references)
    return {
        "code": snippets(call, is_chat=model.category == "chat"),
        "code_problems": unread or [problem.message for problem in problems],
    }
