"""Rivya Bridge: the dashboard between Rivya Studio and the Rivya API."""

__version__ = "0.1.0"
