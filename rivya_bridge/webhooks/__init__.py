"""Webhooks in: what Rivya tells, kept raw, and believed only after a fresh reading."""
