"""The demo: the whole main job through the HTTP API, as a program outside would do it."""

from rivya_bridge.dashboard.demo.state import carry_out, demo_state, request_demo

__all__ = ["carry_out", "demo_state", "request_demo"]
