"""Shape of what people type about experiments and runs; meaning is checked by the services."""

from django import forms

from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.files.forms import ManyFilesField


class ExperimentForm(forms.Form):
    title = forms.CharField(max_length=200, label="Title")
    question = forms.CharField(
        max_length=500,
        required=False,
        label="Question",
        help_text="What is this experiment to answer? For example: which model keeps the label "
        "readable?",
    )
    category = forms.ChoiceField(choices=Experiment.Category.choices, label="Kind of result")
    brief = forms.CharField(
        max_length=10_000,
        required=False,
        label="Brief",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What a good result looks like, and where it will be used.",
    )
    tags = forms.CharField(
        max_length=900, required=False, label="Tags", help_text="Separated by commas, at most 20."
    )

    def clean_tags(self) -> list[str]:
        return [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]


class ExperimentEditForm(ExperimentForm):
    status = forms.ChoiceField(choices=Experiment.Status.choices, label="Status")


class RunForm(forms.Form):
    """What is common to both sources; the model's own params are a form beside it."""

    prompt = forms.CharField(
        required=False,
        max_length=20_000,
        strip=False,
        label="Prompt",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    references = ManyFilesField(
        required=False, label="Reference files", help_text="Files that go into the model, in order."
    )
    note = forms.CharField(
        required=False,
        max_length=5_000,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class StudioRunForm(RunForm):
    results = ManyFilesField(
        required=False,
        label="Results",
        help_text="Drop, paste or choose the files that Studio made. The kind is read from the bytes.",
    )
    grouping = forms.ChoiceField(
        required=False,
        label="Several results",
        choices=[("one", "All files in one run"), ("each", "One run for each file")],
        initial="one",
        widget=forms.RadioSelect,
    )
    result_text = forms.CharField(
        required=False,
        max_length=100_000,
        strip=False,
        label="Result as text",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For an answer of a chat model.",
    )
    credits = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=1_000_000,
        label="Credits",
        help_text="What Studio charged.",
    )
    duration_seconds = forms.FloatField(
        required=False, min_value=0, max_value=86_400, label="Seconds it took"
    )
    rating = forms.TypedChoiceField(
        required=False,
        label="Rating",
        coerce=int,
        empty_value=None,
        choices=[("", "not rated"), *((n, f"{n} of 5") for n in range(1, 6))],
    )
    verdict = forms.ChoiceField(required=False, choices=Run.Verdict.choices, label="Verdict")


class JudgeForm(forms.Form):
    """One press: a rating, a verdict, or both."""

    rating = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("0", "not rated"), *((str(n), str(n)) for n in range(1, 6))],
    )
    verdict = forms.ChoiceField(
        required=False, choices=[*Run.Verdict.choices, ("undecided", "undecided")]
    )


class NoteForm(forms.Form):
    note = forms.CharField(
        required=False, max_length=5_000, label="Note", widget=forms.Textarea(attrs={"rows": 3})
    )
