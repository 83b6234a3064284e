"""The forms of endpoints and of replays."""

from django import forms

from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.notices.models import Endpoint, EventType
from rivya_bridge.notices.services import EndpointOptions


class EndpointForm(forms.Form):
    """Whom to tell, and of what."""

    kind = forms.ChoiceField(choices=Endpoint.Kind.choices, label="How")
    target = forms.CharField(
        max_length=2048,
        label="Where to",
        help_text="An https address that takes a POST, or an e-mail address.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )
    template = forms.ModelChoiceField(
        JobTemplate.objects.order_by("name"), required=False, empty_label="All templates"
    )
    events = forms.MultipleChoiceField(
        choices=EventType.choices,
        label="What of",
        initial=list(EventType.values),
        widget=forms.CheckboxSelectMultiple,
    )

    def to_options(self) -> EndpointOptions:
        return EndpointOptions(**self.cleaned_data)


class ReplayForm(forms.Form):
    """From when on what failed is sent again."""

    since = forms.DateTimeField(
        label="Failed since (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
