"""The forms of golden cases and drift schedules."""

from django import forms
from django.http import QueryDict

from rivya_bridge.automation.timing import zone_names
from rivya_bridge.rehearsal.expectations import COUNTS, TOLERANCES
from rivya_bridge.rehearsal.selectors.golden import Measure
from rivya_bridge.rehearsal.services import DriftOptions

WHAT_COUNTS = {
    "count": "How many results come",
    "type": "Their types, such as image/png",
    "size": "Sizes: pixels, seconds, bytes, characters",
    "distance": "The distance from the accepted result",
}


def tolerance_field(kind: str) -> forms.FloatField:
    return forms.FloatField(
        required=False,
        min_value=0,
        max_value=1,
        label=f"Tolerance, {kind}",
        widget=forms.NumberInput(attrs={"step": "0.001", "placeholder": f"{TOLERANCES[kind]:g}"}),
    )


class MeasureForm(forms.Form):
    """Tolerances by kind, and what counts; an empty tolerance is the usual one."""

    counts = forms.MultipleChoiceField(
        choices=[(name, WHAT_COUNTS[name]) for name in COUNTS],
        label="What counts",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, kinds: list[str], data: QueryDict | None = None, *, measure: Measure
    ) -> None:
        initial = {"counts": list(measure.counts)} | {
            kind: value for kind, value in measure.tolerances.items() if value != TOLERANCES[kind]
        }
        super().__init__(data, initial=initial)
        for kind in kinds:
            self.fields[kind] = tolerance_field(kind)

    def tolerances(self, measure: Measure) -> dict[str, float | None]:
        """Those of the form, beside those of kinds that it does not show."""
        kept = {
            kind: value for kind, value in measure.tolerances.items() if kind not in self.fields
        }
        return {
            **kept,
            **{kind: self.cleaned_data[kind] for kind in TOLERANCES if kind in self.fields},
        }


class DriftForm(forms.Form):
    """When a check runs, and what it may cost."""

    label = forms.ChoiceField(required=False, label="Version")
    cron = forms.CharField(
        max_length=120,
        label="Times",
        initial="0 6 * * 1",
        help_text="Minute, hour, day of the month, month, weekday: 0 6 * * 1 is Mondays at 06:00.",
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false"}),
    )
    zone = forms.ChoiceField(label="Time zone")
    credits_per_check = forms.IntegerField(
        label="Credits for one check",
        help_text="A check that is expected to cost more is skipped.",
        widget=forms.NumberInput(attrs={"min": 1}),
    )
    credits_per_month = forms.IntegerField(
        label="Credits in a month",
        help_text="A calendar month of that zone, all checks of this schedule together.",
        widget=forms.NumberInput(attrs={"min": 1}),
    )

    def __init__(self, labels: list[str], *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name, choices in (
            ("zone", [(name, name) for name in zone_names()]),
            ("label", [("", "the current version"), *((name, name) for name in labels)]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices

    def to_options(self) -> DriftOptions:
        return DriftOptions(**self.cleaned_data)
