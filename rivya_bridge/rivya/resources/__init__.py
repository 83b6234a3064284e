"""Calls by noun, one module each."""
