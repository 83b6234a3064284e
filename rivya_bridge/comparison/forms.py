from django import forms


class ConclusionForm(forms.Form):
    """What was concluded from results side by side."""

    title = forms.CharField(max_length=200, label="Title")
    winner = forms.ChoiceField(required=False, label="Winner")
    conclusion = forms.CharField(
        required=False,
        max_length=5_000,
        label="Conclusion",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: object, winners: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["winner"].choices = [("", "undecided"), *winners]  # type: ignore[attr-defined]
