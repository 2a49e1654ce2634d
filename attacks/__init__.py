"""Attacks on money: races and crashes against a served school, with what must be true of it checked from outside."""
