"""Readiness: whether a task belongs in Studio or in the API, computed from what is on record."""
