"""The form of a template, made from the inputs that its version declares."""

from collections.abc import Sequence
from typing import Any

from django import forms

from rivya_bridge.automation.inputs import InputSpec
from rivya_bridge.files.services import store_fields


def _bounds(spec: InputSpec) -> dict[str, Any]:
    pairs = {"min": spec.min, "max": spec.max, "step": spec.step or "any"}
    return {name: value for name, value in pairs.items() if value is not None}


def _field(spec: InputSpec) -> forms.Field:
    """The control of one input. Meaning is checked by the service, so that the API and the form agree."""
    common: dict[str, Any] = {
        "required": False,
        "label": spec.label,
        "help_text": _help(spec),
    }
    if spec.type == "file":
        return forms.FileField(**common)
    if spec.type in ("choice", "boolean"):
        options = spec.options or ("true", "false")
        choices = [(one, one) for one in options]
        if not spec.required or spec.default is None:
            choices.insert(0, ("", "default" if spec.default is not None else "—"))
        return forms.ChoiceField(choices=choices, **common)
    if spec.type == "number":
        return forms.CharField(widget=forms.NumberInput(attrs=_bounds(spec)), **common)
    rows = 3 if len(str(spec.default or "")) > 60 else 1
    # No `maxlength`: a browser would cut a pasted text silently, and what is left would be sent and charged.
    widget = forms.Textarea(attrs={"rows": rows, "data-limit": spec.max_length or ""})
    return forms.CharField(strip=False, widget=widget, **common)


def _help(spec: InputSpec) -> str:
    parts = [spec.help] if spec.help and spec.help != spec.label else []
    if spec.type == "number" and (spec.min is not None or spec.max is not None):
        parts.append(
            f"From {spec.min if spec.min is not None else '…'} to "
            f"{spec.max if spec.max is not None else '…'}."
        )
    if spec.type == "text" and spec.max_length is not None:
        parts.append(f"At most {spec.max_length:,} character{'' if spec.max_length == 1 else 's'}.")
    if spec.type == "file":
        length = f" and {spec.max_seconds:g} seconds" if spec.max_seconds else ""
        parts.append(f"A file of kind {spec.kind}, at most {spec.max_size_mb or 10:g} MB{length}.")
        if spec.default:
            parts.append("Without one, the file of the promoted run is used.")
    return " ".join(parts)


class JobForm(forms.Form):
    """One control per input. `to_inputs` gives what the job service takes."""

    def __init__(self, specs: Sequence[InputSpec], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.specs = specs
        for spec in specs:
            field = _field(spec)
            if spec.type != "file" and spec.default is not None:
                default = spec.default
                field.initial = str(default).lower() if isinstance(default, bool) else default
            self.fields[spec.name] = field

    def to_inputs(self) -> dict[str, Any]:
        """Values by input name; uploaded files are kept in the vault and given by their id.

        All files are kept, or none: Refusal names each input whose file is no picture, clip or sound
        of its kind.
        """
        files = {
            spec.name: [self.cleaned_data[spec.name]]
            for spec in self.specs
            if spec.type == "file" and self.cleaned_data.get(spec.name)
        }
        stored = store_fields(files, kinds={spec.name: spec.kind for spec in self.specs})
        inputs: dict[str, Any] = {name: str(file.pk) for name, [file] in stored.items()}
        for spec in self.specs:
            value = self.cleaned_data.get(spec.name)
            if spec.type != "file" and isinstance(value, str):
                inputs[spec.name] = value
        return inputs
