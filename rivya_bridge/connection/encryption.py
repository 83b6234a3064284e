"""API keys at rest: encrypted under a file of mode 0600 in the data folder, or a text of the environment."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from rivya_bridge import secret_key

CONSEQUENCE = "the API keys saved on the Connection page must then be entered again"


class Unreadable(Exception):
    """An encrypted key cannot be had now; the text says why and what to do. It never has the key."""


def encrypt_key(api_key: str) -> str:
    """The key as it is stored. Makes the key file on first use. Raises Unreadable."""
    try:
        secret = settings.BRIDGE_ENCRYPTION_KEY or secret_key.read_or_make(
            settings.CONNECTION_KEY_FILE, CONSEQUENCE
        )
    except ImproperlyConfigured as error:
        raise Unreadable(str(error)) from error
    return _cipher(secret).encrypt(api_key.encode()).decode()


def decrypt_key(stored: str) -> str:
    """The key again. Raises Unreadable when the key file is gone, or is not the one it was."""
    source, secret = _existing_secret()
    try:
        return _cipher(secret).decrypt(stored.encode()).decode()
    except InvalidToken:
        text = (
            f"The saved API key cannot be decrypted: {source} is not the one it was saved under. "
            "Put the former one back, or enter the API key again on the Connection page."
        )
    raise Unreadable(text)


def _existing_secret() -> tuple[str, str]:
    """Where the secret comes from, and the secret; nothing is made here."""
    if settings.BRIDGE_ENCRYPTION_KEY:
        return "BRIDGE_ENCRYPTION_KEY", settings.BRIDGE_ENCRYPTION_KEY
    path = settings.CONNECTION_KEY_FILE
    try:
        return f"the key file {path.name}", path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        text = (
            f"The key file {path.name} is gone from the data folder, so the saved API key cannot be "
            "decrypted. Put the file back, or enter the API key again on the Connection page."
        )
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        text = (
            f"The key file {path.name} in the data folder cannot be read ({reason}), so the saved "
            "API key cannot be decrypted."
        )
    raise Unreadable(text)


def _cipher(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()))
