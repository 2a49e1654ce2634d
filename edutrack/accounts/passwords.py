"""Hashing passwords, and what a password must be."""

from difflib import SequenceMatcher
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

from edutrack.core.turns import stepping_aside

MIN_LENGTH = 8
#: Hashing takes the whole text, so somebody could keep a processor busy with megabytes.
MAX_LENGTH = 1024
#: How alike, from 0 to 1, a password and a username may be.
_MAX_SIMILARITY = 0.7


def hash_password(password: str) -> str:
    """Return the argon2id hash under which a password is stored."""
    with stepping_aside():
        return _hasher().hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Return whether a password belongs to a hash.

    Without a hash (no such user) the work is done all the same: an answer's time tells nobody which usernames exist.
    """
    if len(password) > MAX_LENGTH:
        return False
    try:
        with stepping_aside():
            return _hasher().verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    """Return whether a hash was made with other costs than today's."""
    return _hasher().check_needs_rehash(password_hash)


def weaknesses(password: str, username: str = "") -> list[str]:
    """Return what is wrong with a new password, in the words that forms show; empty where it will do."""
    found = []
    if len(password) < MIN_LENGTH:
        found.append(f"This password is too short. It must contain at least {MIN_LENGTH} characters.")
    if password.isdecimal():
        found.append("This password is entirely numeric.")
    if username and SequenceMatcher(None, password.lower(), username.lower()).ratio() >= _MAX_SIMILARITY:
        found.append("The password is too similar to the username.")
    return found


@cache
def _hasher_with(time_cost: int, memory_kib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)


def _hasher() -> PasswordHasher:
    # 19 MiB, two passes, one lane: OWASP's recommendation, about 30 ms. Tests configure a cheaper one.
    time_cost, memory_kib = current_app.config.get("PASSWORD_HASH_COST", (2, 19 * 1024))
    return _hasher_with(time_cost, memory_kib)


@cache
def _nobodys_hash_with(hasher: PasswordHasher) -> str:
    return hasher.hash("nobody signs in with this")


def _nobodys_hash() -> str:
    return _nobodys_hash_with(_hasher())
