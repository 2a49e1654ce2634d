"""What goes wrong with the embedded database."""

from __future__ import annotations


class EmbeddedDatabaseError(Exception):
    """The embedded database cannot run here; the message is one plain line for the person at the terminal."""
