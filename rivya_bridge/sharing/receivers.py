"""What happens in sharing when the workers' sweep has come by."""

from typing import Any

from rivya_bridge.sharing.working import ring_due


def ring(**_: Any) -> None:
    ring_due()
