"""How long a key may be repeated at an account: as long as its last contract probe has proved."""

from datetime import timedelta

from rivya_bridge.tasks import policy
from rivya_bridge.tasks.models import ContractProbe


def last_probe(account: str) -> ContractProbe | None:
    """The latest probe of the account that has ended."""
    ended = ContractProbe.objects.filter(account=account, ended_at__isnull=False)
    return ended.order_by("-id").first()


def key_window(account: str) -> timedelta:
    """23 hours once the latest clear probe has proved the contract, else ten minutes."""
    clear = ContractProbe.objects.filter(account=account).exclude(outcome__in=["", "unclear"])
    latest = clear.order_by("-id").values_list("outcome", flat=True).first()
    return policy.PROVED_KEY_WINDOW if latest == "proved" else policy.KEY_WINDOW
