"""The promote form: one part for the template, one row per variable, param and file slot."""

from collections.abc import Sequence
from typing import Any

from django import forms

from rivya_bridge.automation.fields import SLUG, SLUG_LENGTH
from rivya_bridge.automation.slots import slot_limit
from rivya_bridge.files.models import StoredFile
from rivya_bridge.rivya import KindLimit, Model

VARIABLE_TYPES = [
    ("text", "text"),
    ("number", "number"),
    ("choice", "choice"),
    ("boolean", "yes / no"),
]


def whole_field(
    label: str, most: int, help_text: str = "", *, required: bool
) -> forms.IntegerField:
    """From 1 to `most`, with one sentence for whatever else is written."""
    text = f"Write a whole number from 1 to {most:,}."
    return forms.IntegerField(
        min_value=1,
        max_value=most,
        required=required,
        label=label,
        help_text=help_text,
        error_messages=dict.fromkeys(("invalid", "required", "min_value", "max_value"), text),
    )


class PromoteForm(forms.Form):
    name = forms.CharField(max_length=120, label="Name")
    slug = forms.RegexField(
        rf"\A{SLUG.pattern}\Z",
        max_length=SLUG_LENGTH,
        required=False,
        strip=True,
        label="Address",
        help_text="Lower-case letters, digits and hyphens; made from the name when empty.",
        error_messages={
            "invalid": "Write lower-case letters, digits and single hyphens between them, such as "
            "product-banner."
        },
    )
    description = forms.CharField(
        required=False,
        max_length=5_000,
        label="Description",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    prompt = forms.CharField(
        required=False,
        max_length=20_000,
        strip=False,
        label="Prompt",
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Put {{ a_name }} where a job fills in its own words. What stood there in the run "
        "becomes the default.",
    )
    credit_cap = whole_field(
        "Credit cap per job",
        1_000_000,
        "A job that is expected to cost more is refused before it is sent.",
        required=True,
    )
    count = whole_field(
        "Results per job",
        50,
        "How many files, or answers, a job should bring.",
        required=False,
    )
    reason = forms.CharField(
        required=False,
        max_length=1_000,
        label="Why this run",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class VariableForm(forms.Form):
    """One variable: its type, what it is called in forms, its default and limits."""

    name = forms.CharField(widget=forms.HiddenInput)
    type = forms.ChoiceField(choices=VARIABLE_TYPES, label="Type")
    label = forms.CharField(required=False, max_length=120, label="Label")
    default = forms.CharField(required=False, max_length=20_000, strip=False, label="Default")
    options = forms.CharField(
        required=False,
        max_length=2_000,
        label="Choices",
        help_text="For a choice: separated by commas.",
    )
    min = forms.FloatField(required=False, label="Least")
    max = forms.FloatField(required=False, label="Most")
    max_length = whole_field("Most characters", 20_000, required=False)
    required = forms.BooleanField(required=False, label="Must be given by each job")

    def declaration(self) -> dict[str, Any]:
        """The variable as a template version keeps it."""
        cleaned = self.cleaned_data
        declared: dict[str, Any] = {
            "name": cleaned["name"],
            "type": cleaned["type"],
            "label": cleaned["label"],
            "required": cleaned["required"],
        }
        if cleaned["default"]:
            declared["default"] = _typed_default(cleaned["default"], cleaned["type"])
        if cleaned["type"] == "choice":
            options = [one.strip() for one in cleaned["options"].split(",") if one.strip()]
            default = cleaned["default"]
            declared["options"] = options or ([default] if default else [])
        return declared | self._limits(declared["type"])

    def _limits(self, kind: str) -> dict[str, Any]:
        """The limits that this type has; those left empty are left out."""
        names = {"number": ("min", "max"), "text": ("max_length",)}.get(kind, ())
        found = {name: self.cleaned_data[name] for name in names}
        return {name: _whole(value) for name, value in found.items() if value is not None}


def _whole(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def options_text(options: Sequence[str]) -> str:
    """Choices as the form shows them; choices with commas cannot be shown so, and give ''."""
    return "" if any("," in option for option in options) else ", ".join(options)


def _typed_default(text: str, kind: str) -> Any:
    if kind == "boolean":
        return text.strip().lower() in ("true", "yes", "1", "on")
    if kind == "number":
        try:
            number = float(text)
        except ValueError:
            return text
        return int(number) if number.is_integer() else number
    return text


class ParamForm(forms.Form):
    """One param of the model: fixed as in the run, or set by each job."""

    exposed = forms.BooleanField(required=False, label="Jobs may set it")
    label = forms.CharField(required=False, max_length=120, label="Label")


class SlotForm(forms.Form):
    """One reference of the run as a file slot."""

    name = forms.CharField(max_length=40, label="Name")
    label = forms.CharField(required=False, max_length=120, label="Label")
    required = forms.BooleanField(required=False, label="Must be given by each job")
    mime_types = forms.MultipleChoiceField(
        required=False, label="Types", widget=forms.CheckboxSelectMultiple
    )
    max_size_mb = forms.FloatField(required=False, min_value=0.01, label="Most MB")
    max_seconds = forms.FloatField(required=False, min_value=0.1, label="Most seconds")

    def __init__(
        self, slot: dict[str, Any], limit: KindLimit | None, *args: Any, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        types = limit.mime_types if limit else tuple(slot["mime_types"])
        self.fields["mime_types"].choices = [(one, one) for one in types]  # type: ignore[attr-defined]
        if slot["kind"] == "image":
            del self.fields["max_seconds"]

    def chosen(self) -> dict[str, Any]:
        """The parts of a slot that the form edits; an empty limit is the model's own."""
        numbers = ("max_size_mb", "max_seconds")
        return {
            name: _whole(value) if name in numbers and value is not None else value
            for name, value in self.cleaned_data.items()
        }


def param_rows(
    model: Model,
    params: dict[str, Any],
    exposed: Sequence[str],
    varied: dict[str, list[Any]],
    data: Any,
) -> list[dict[str, Any]]:
    """A row per param of the model: its value in the run, the values that varied over the accepted
    runs, and whether jobs may set it."""
    return [
        {
            "param": param,
            "value": params.get(param.key),
            "is_set": param.key in params,
            "is_proposed": param.key in exposed,
            "seen": ["model default" if one is None else one for one in varied.get(param.key, [])],
            "form": ParamForm(
                data, prefix=f"param-{param.key}", initial={"exposed": param.key in exposed}
            ),
        }
        for param in model.params
    ]


def slot_rows(
    slots: Sequence[dict[str, Any]], files: Sequence[StoredFile], model: Model, data: Any
) -> list[dict[str, Any]]:
    """A row per reference of the run."""
    return [
        {
            "slot": slot,
            "file": file,
            "form": SlotForm(
                slot, slot_limit(model, slot["kind"]), data, prefix=f"slot-{index}", initial=slot
            ),
        }
        for index, (slot, file) in enumerate(zip(slots, files, strict=True))
    ]
