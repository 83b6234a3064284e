"""Forms of the readiness pages."""

from django import forms

from rivya_bridge.promotion.models import ResultConsumer
from rivya_bridge.promotion.readiness.questions import API, STUDIO
from rivya_bridge.promotion.readiness.rules import LIMITS

HELP = {
    "latest_runs": ("Runs looked at", "The newest runs of an experiment that have a result."),
    "least_accepted": ("Accepted alike", "Runs in a row with equal params and one prompt shape."),
    "apart_percent": (
        "Repeats apart",
        "How far repeats of one request may lie apart on average, in percent, where it was measured.",
    ),
    "leader_percent": (
        "Won by the leader",
        "Of the votes on it, in percent; below, votes are split.",
    ),
    "least_priced": ("Known costs", "Runs whose credits must be known."),
    "spread_percent": ("Spread of cost", "Dearest less cheapest, in percent of the middle cost."),
    "wallet_jobs": ("Jobs the wallet carries", "Times the dearest run, in free credits."),
}


class OverrideForm(forms.Form):
    points = forms.ChoiceField(
        choices=[(STUDIO, "points to Studio"), (API, "points to the API")], label="Your answer"
    )
    reason = forms.CharField(
        max_length=1_000,
        label="Your reason",
        help_text="It counts until the evidence for this question changes.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ConsumerForm(forms.Form):
    name = forms.CharField(
        required=False,
        max_length=200,
        label="System that uses the result",
        help_text="For example the shop's back end. Empty: nobody does.",
    )
    delivery = forms.ChoiceField(
        choices=ResultConsumer.Delivery.choices, label="How it learns of it"
    )


class RulesForm(forms.Form):
    """One whole number for each rule."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name, (least, most) in LIMITS.items():
            label, text = HELP[name]
            self.fields[name] = forms.IntegerField(
                min_value=least, max_value=most, label=label, help_text=text
            )
