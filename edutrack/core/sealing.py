"""Values sealed at rest: recharge codes and national ids, readable only with CODE_KEY, which no database dump holds.

AES-SIV is deterministic, so equal values have equal seals: one unique column serves lookup, uniqueness and listing.
"""

import hashlib
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from flask import Flask, current_app
from sqlalchemy import LargeBinary, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from edutrack.core.database import Base, Id
from edutrack.core.extensions import db
from edutrack.core.settings import SettingsError

#: What a seal is for; a seal made for one purpose does not open for another.
Purpose = Literal["recharge-code", "national-id", "stored-answer", "key-check"]
_WITNESS = b"edutrack"


class KeyCheck(Base):
    """One sealed known word, by which the application knows at start whether it has this database's key."""

    __tablename__ = "key_checks"

    id: Mapped[Id]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


def seal(text: str, purpose: Purpose) -> bytes:
    """Return `text` sealed; the same text and purpose always give the same seal."""
    return _cipher().encrypt(text.encode(), [purpose.encode()])


def unseal(sealed: bytes, purpose: Purpose) -> str:
    """Return the text in `sealed`; raises SettingsError where CODE_KEY is not the key it was sealed with."""
    try:
        return _cipher().decrypt(sealed, [purpose.encode()]).decode()
    except InvalidTag:
        raise SettingsError("CODE_KEY is not the key that this database was sealed with.") from None


def check_key() -> None:
    """Raise SettingsError where CODE_KEY does not open this database; remember it where the database is new.

    Needs the migrated schema and commits nothing itself.
    """
    sealed = db.session.scalar(select(KeyCheck.sealed))
    if sealed is None:
        witness = seal(_WITNESS.decode(), "key-check")
        db.session.execute(insert(KeyCheck).values(id=1, sealed=witness).on_conflict_do_nothing())
        sealed = db.session.scalar(select(KeyCheck.sealed)) or witness
    unseal(sealed, "key-check")


def key_fingerprint() -> str:
    """Return what tells CODE_KEY from other keys, and tells nothing of the key itself."""
    return hashlib.sha256(seal(_WITNESS.decode(), "key-check")).hexdigest()[:16]


def init_sealing(app: Flask) -> None:
    """Read CODE_KEY once; raises SettingsError where it is not 64 hexadecimal digits."""
    try:
        key = bytes.fromhex(app.config["CODE_KEY"])
        app.extensions["edutrack-seal"] = AESSIV(key)
    except ValueError:
        raise SettingsError("CODE_KEY must be 64 hexadecimal digits.") from None


def _cipher() -> AESSIV:
    cipher: AESSIV = current_app.extensions["edutrack-seal"]
    return cipher
