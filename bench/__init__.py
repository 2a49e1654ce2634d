"""Measurements on this machine, against a served process on a durable database of its own."""
