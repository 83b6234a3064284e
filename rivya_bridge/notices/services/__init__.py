"""Writes of the notices app, one module per verb."""

from rivya_bridge.notices.services.endpoints import (
    EndpointOptions,
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    rotate_secret,
    switch_endpoint,
)
from rivya_bridge.notices.services.replaying import replay, replay_failed, replay_skipped
from rivya_bridge.notices.services.telling import send_test

__all__ = [
    "EndpointOptions",
    "change_endpoint",
    "create_endpoint",
    "delete_endpoint",
    "replay",
    "replay_failed",
    "replay_skipped",
    "rotate_secret",
    "send_test",
    "switch_endpoint",
]
