"""Shape of what people send to be imported."""

from collections.abc import Sequence

from django import forms

from rivya_bridge.rivya import Model


class ImportRunsForm(forms.Form):
    file = forms.FileField(
        label="ZIP or table",
        allow_empty_file=True,
        help_text="A ZIP of results, with or without a table in it; or a table alone: .csv, .json or "
        ".jsonl. Up to 1,000 runs.",
        widget=forms.FileInput(attrs={"accept": ".zip,.csv,.tsv,.json,.jsonl"}),
    )
    model = forms.ChoiceField(
        required=False,
        label="Model",
        help_text="For rows that name none, and for a ZIP without a table.",
    )
    prompt = forms.CharField(
        required=False,
        max_length=20_000,
        strip=False,
        label="Prompt",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For rows that have none.",
    )

    def __init__(self, *args: object, models: Sequence[Model], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        names = [(model.id, f"{model.display_name} · {model.category}") for model in models]
        self.fields["model"].choices = [("", "Each row names its own"), *names]  # type: ignore[attr-defined]


class ImportExperimentForm(forms.Form):
    file = forms.FileField(
        label="Experiment as ZIP",
        allow_empty_file=True,
        help_text="As Export on an experiment's page gives it, up to 1 GB. Larger ones are imported by "
        "the command line.",
        widget=forms.FileInput(attrs={"accept": ".zip"}),
    )
