"""The forms of batches and schedules."""

import io
from typing import BinaryIO

from django import forms

from rivya_bridge.automation.models import Schedule
from rivya_bridge.automation.services import BatchOptions, ScheduleOptions
from rivya_bridge.automation.services.batch_intake import MOST_AT_ONCE, USUAL_AT_ONCE
from rivya_bridge.automation.tables import format_of
from rivya_bridge.automation.timing import zone_names


class BatchForm(forms.Form):
    """A table by file or by pasting, and how it runs."""

    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        label="Table",
        help_text="CSV whose header names the inputs, or JSON Lines; up to 20,000 rows.",
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label="Or paste the rows",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    concurrency = forms.IntegerField(
        initial=USUAL_AT_ONCE,
        label="Jobs at once",
        help_text=f"1 to {MOST_AT_ONCE}; can be changed while it runs.",
        widget=forms.NumberInput(attrs={"min": 1, "max": MOST_AT_ONCE}),
    )
    credit_cap = forms.IntegerField(
        required=False,
        label="Credit cap of the batch",
        help_text="It pauses before it would spend more.",
        widget=forms.NumberInput(attrs={"min": 1}),
    )

    def clean(self) -> None:
        if not self.cleaned_data.get("file") and not self.cleaned_data.get("text", "").strip():
            self.add_error("file", "Choose a file, or paste rows: nothing was given.")

    def to_table(self) -> tuple[BinaryIO, str]:
        """The bytes and their format."""
        file = self.cleaned_data.get("file")
        if file:
            return file, format_of(file.name or "")
        text = self.cleaned_data["text"]
        return io.BytesIO(text.encode("utf-8", "replace")), format_of("", text)

    def to_options(self, label: str) -> BatchOptions:
        file = self.cleaned_data.get("file")
        return BatchOptions(
            name=(file.name or "")[:200] if file else "Pasted rows",
            concurrency=self.cleaned_data["concurrency"],
            credit_cap=self.cleaned_data.get("credit_cap"),
            label=label,
        )


class ScheduleForm(forms.Form):
    """When; the inputs stand in the template's own form beside it."""

    name = forms.CharField(max_length=120)
    cron = forms.CharField(
        max_length=120,
        label="Times",
        initial="0 9 * * 1-5",
        help_text="Minute, hour, day of the month, month, weekday: 0 9 * * 1-5 is 09:00 on working "
        "days.",
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false"}),
    )
    zone = forms.ChoiceField(label="Time zone")
    overlap = forms.ChoiceField(
        choices=Schedule.Overlap.choices,
        label="When the job before is still open",
    )
    catch_up = forms.ChoiceField(
        choices=Schedule.CatchUp.choices,
        label="Times missed while nothing ran",
    )
    catch_up_limit = forms.IntegerField(
        initial=10,
        label="At most so many missed ones",
        widget=forms.NumberInput(attrs={"min": 1, "max": 100}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        zone = self.fields["zone"]
        assert isinstance(zone, forms.ChoiceField)
        zone.choices = [(name, name) for name in zone_names()]

    def to_options(self, inputs: dict[str, object], label: str) -> ScheduleOptions:
        return ScheduleOptions(inputs=inputs, label=label, **self.cleaned_data)
