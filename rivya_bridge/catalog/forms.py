"""The form of a model's own params, and back from it to JSON values."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from rivya_bridge.catalog.dialogue import read_turns, write_turns
from rivya_bridge.catalog.params import DIALOGUE_KEY, DIALOGUE_MODEL, LARGEST_NUMBER, is_on_step
from rivya_bridge.rivya import Model, Param

MAX_DIGITS = 16


class ParamsForm(forms.Form):
    """Built by `params_form`; field names are the params' keys."""

    def to_params(self) -> dict[str, Any]:
        """JSON-typed values of a valid form: numbers as numbers, options as texts, empty left out.

        Left-out params take the model's default at the vendor.
        """
        given = {key: value for key, value in self.cleaned_data.items() if value not in (None, "")}
        return {key: _as_json(value) for key, value in given.items()}


def params_form(
    model: Model,
    data: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    prefix: str = "param",
) -> ParamsForm:
    """A form with one field for each param of the model; bound when `data` is given.

    `initial` takes JSON values as `to_params` gives them. Range, step and options are checked here
    for the person who types; `check_request` has the last word.
    """
    fields = {param.key: _field(param) for param in model.params}
    if model.id == DIALOGUE_MODEL:
        fields = {DIALOGUE_KEY: DialogueField(), **fields}
    form_class = type("ModelParamsForm", (ParamsForm,), fields)
    shown = {key: _as_initial(value) for key, value in (initial or {}).items()}
    form: ParamsForm = form_class(data, initial=shown, prefix=prefix)
    return form


class DialogueField(forms.CharField):
    """Turns as lines of "Voice: text"."""

    def __init__(self) -> None:
        super().__init__(
            label="Dialogue",
            help_text="One turn per line, such as “Adam: Good morning.”",
            widget=forms.Textarea(attrs={"rows": 6, "placeholder": "Adam: …\nAlice: …"}),
        )

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return read_turns(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


def _field(param: Param) -> forms.Field:
    common: dict[str, Any] = {
        "required": param.required,
        "label": _label(param.key),
        "help_text": param.description if param.description != _label(param.key) else "",
    }
    if param.type == "number":
        return _number_field(param, common)
    if param.options:
        return _choice_field(param, common)
    return forms.CharField(**common, widget=forms.TextInput(attrs=_placeholder(param)))


def _choice_field(param: Param, common: dict[str, Any]) -> forms.Field:
    choices = [(option, option) for option in param.options]
    if param.required:
        return forms.ChoiceField(**common, choices=choices, initial=param.default)
    words = "Model default" if param.default is None else f"Model default ({param.default})"
    return forms.ChoiceField(**common, choices=[("", words), *choices])


def _number_field(param: Param, common: dict[str, Any]) -> forms.Field:
    step = param.step if param.step is not None else "any"
    return forms.DecimalField(
        **common,
        max_digits=MAX_DIGITS,
        min_value=_decimal(param.min),
        max_value=_decimal(param.max),
        validators=[_StepRule(param)] if param.step else [],
        widget=forms.NumberInput(attrs={"step": str(step), **_placeholder(param)}),
        error_messages=_range_messages(param),
    )


class _StepRule:
    """Refuses a number between two steps. Django's own rule fails on numbers such as 1e400."""

    def __init__(self, param: Param) -> None:
        self.param = param

    def __call__(self, value: Decimal) -> None:
        start, step = self.param.min or 0, self.param.step or 1
        if abs(value) <= LARGEST_NUMBER and not is_on_step(value, start, step):
            name = _label(self.param.key)
            raise forms.ValidationError(f"{name} goes in steps of {step} from {start}.")


def _range_messages(param: Param) -> dict[str, str]:
    return {
        "min_value": f"{_label(param.key)} must be at least {param.min}.",
        "max_value": f"{_label(param.key)} must be at most {param.max}.",
    }


def _placeholder(param: Param) -> dict[str, str]:
    return {} if param.default is None else {"placeholder": f"{param.default}"}


def _label(key: str) -> str:
    """aspectRatio and aspect_ratio both read "Aspect ratio"."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in key)
    return spaced.replace("_", " ").strip().capitalize()


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _as_json(value: Any) -> Any:
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def _as_initial(value: Any) -> Any:
    return write_turns(value) if isinstance(value, list) else value
