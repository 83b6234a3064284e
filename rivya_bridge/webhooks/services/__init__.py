"""Writes of the webhooks app, one module per verb."""

from rivya_bridge.webhooks.services.endpoints import (
    create_endpoint,
    delete_endpoint,
    require_signature,
    rotate_secret,
    send_test,
    switch_endpoint,
)

__all__ = [
    "create_endpoint",
    "delete_endpoint",
    "require_signature",
    "rotate_secret",
    "send_test",
    "switch_endpoint",
]
