"""A local stand-in for Rivya's public API v1, with its own pictures, clips and sounds.

It knows nothing of the dashboard and nothing of the client library: it is reached
over HTTP only, on its own port, with its own SQLite file.
"""
