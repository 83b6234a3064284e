"""The form of the spending caps."""

from django import forms

from rivya_bridge.credits.caps import HIGHEST_CAP


def _cap(label: str, help_text: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, help_text=help_text, required=False, min_value=1, max_value=HIGHEST_CAP
    )


class CapsForm(forms.Form):
    """Empty means no cap."""

    run_cap = _cap("Cap for one run", "The most credits that one run may be expected to cost.")
    day_cap = _cap(
        "Cap for one day", "Counted from midnight UTC. Queued tasks beyond it are held until then."
    )
