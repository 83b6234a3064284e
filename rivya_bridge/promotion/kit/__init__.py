"""The integration kit: a template version as a folder that a program can start from."""

from rivya_bridge.promotion.kit.building import build_kit

__all__ = ["build_kit"]
