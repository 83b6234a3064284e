"""Forms of the connection page. A key that was typed never goes back into a page."""

from django import forms

from rivya_bridge.connection.services.saving import NAME_LENGTH, URL_LENGTH

RIVYA_URL = "https://rivya.ai"


class KeyField(forms.CharField):
    """An API key: hidden, never filled in by the browser, never rendered again."""

    def __init__(self) -> None:
        super().__init__(
            label="API key",
            help_text=(
                "Rivya shows it once, under API Keys in the account settings. It is kept encrypted, and "
                "only its beginning and its last four characters are ever shown."
            ),
            # The limits are the service's, so that no key is cut short in silence.
            widget=forms.PasswordInput(
                render_value=False,
                attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"},
            ),
        )


class ConnectionForm(forms.Form):
    """A new saved connection."""

    name = forms.CharField(
        label="Name", max_length=NAME_LENGTH, help_text="For you, such as “Shop account”."
    )
    base_url = forms.CharField(
        label="Address",
        initial=RIVYA_URL,
        max_length=URL_LENGTH,
        help_text="https, or http on this machine only. Change it for another server of Rivya's API.",
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    api_key = KeyField()


class NewKeyForm(forms.Form):
    """Another key of an account that is saved already."""

    api_key = KeyField()
