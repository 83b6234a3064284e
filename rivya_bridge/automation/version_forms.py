"""The forms of versions and labels."""

from typing import Any

from django import forms

from rivya_bridge.automation.content import Content, Draft
from rivya_bridge.automation.portable.documents import read_document, write_yaml
from rivya_bridge.refusals import Problem, Refusal

# What of a version the form shows as one text; prompt and cap have boxes of their own.
PARTS = ("model_id", "variables", "fixed_params", "exposed_params", "file_slots", "expected")


class VersionForm(forms.Form):
    """A version as text; saving makes the next one."""

    prompt = forms.CharField(
        required=False,
        max_length=20_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="{{ a_name }} stands for the input of that name.",
    )
    content = forms.CharField(
        strip=False,
        max_length=100_000,
        label="Inputs, params and files",
        widget=forms.Textarea(attrs={"rows": 18, "class": "mono", "spellcheck": "false"}),
        help_text="As YAML. Every variable of the prompt is declared under variables.",
    )
    credit_cap = forms.IntegerField(min_value=1, max_value=1_000_000, label="Credit cap per job")
    reason = forms.CharField(
        max_length=1_000,
        label="Why this version",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    @staticmethod
    def initial_of(version: Content) -> dict[str, Any]:
        return {
            "prompt": version.prompt,
            "content": write_yaml({name: getattr(version, name) for name in PARTS}),
            "credit_cap": version.credit_cap,
        }

    def to_draft(self, author: str) -> Draft:
        """Raises Refusal naming `content` for what is no object of the known parts."""
        parts = read_document(self.cleaned_data["content"].encode(), field="content")
        if not isinstance(parts, dict) or set(parts) != set(PARTS):
            text = f"content must be an object with exactly these keys: {', '.join(PARTS)}."
            raise Refusal.field("content", text)
        if not isinstance(parts["model_id"], str):
            raise Refusal.field("content", "model_id must be the id of a model.")
        cleaned = self.cleaned_data
        names = ("prompt", "credit_cap", "reason")
        return Draft(**parts, **{name: cleaned[name] for name in names}, author=author)


def in_content(refusal: Refusal) -> Refusal:
    """The same, with what concerns a part of `content` at that box."""
    heads = (*PARTS, "params", "model")
    return Refusal(
        refusal.message,
        [
            Problem("content" if p.field.startswith(heads) else p.field, p.message, p.limit)
            for p in refusal.problems
        ],
    )


class LabelForm(forms.Form):
    """Where a label goes. `seen` is the version at which the page showed it, empty for a new one."""

    name = forms.CharField(max_length=40, help_text="Such as staging or production.")
    version = forms.TypedChoiceField(coerce=int)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(max_length=1_000, label="Why")

    def __init__(self, numbers: list[int], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version = self.fields["version"]
        assert isinstance(version, forms.TypedChoiceField)
        version.choices = [(number, f"version {number}") for number in numbers]


class TemplateForm(forms.Form):
    """What callers do not depend on."""

    name = forms.CharField(max_length=120)
    description = forms.CharField(
        required=False, max_length=5_000, widget=forms.Textarea(attrs={"rows": 2})
    )
