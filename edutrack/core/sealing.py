"""Values sealed at rest: recharge codes and national ids, readable only with CODE_KEY, which no database dump holds.

AES-SIV is deterministic, so equal values have equal seals: one unique column serves lookup, uniqueness and listing.
While CODE_KEY_PREVIOUS is set, what that key sealed is read and found as well (rules.md, "Replacing keys").
"""

import hashlib
import re
from contextlib import suppress
from typing import Literal

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from flask import Flask, current_app
from sqlalchemy import LargeBinary, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Mapped, mapped_column

from edutrack.core.database import Base, Id
from edutrack.core.extensions import db
from edutrack.core.settings import SettingsError
from edutrack.core.transaction import in_transaction

#: What a seal is for; a seal made for one purpose does not open for another.
Purpose = Literal["recharge-code", "national-id", "stored-answer", "key-check"]
_WITNESS = "edutrack"
_log = structlog.get_logger()


class KeyCheck(Base):
    """A sealed known word, by which the application knows at start whether it has this database's key.

    While keys are being replaced there is one for each of the two.
    """

    __tablename__ = "key_checks"

    id: Mapped[Id]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


def seal(text: str, purpose: Purpose) -> bytes:
    """Return `text` sealed; the same text and purpose always give the same seal."""
    return _cipher().encrypt(text.encode(), [purpose.encode()])


def unseal(sealed: bytes, purpose: Purpose) -> str:
    """Return the text in `sealed`; raises SettingsError where CODE_KEY is not the key it was sealed with."""
    for cipher in (_cipher(), _previous_cipher()):
        if cipher is not None:
            with suppress(InvalidTag):
                return cipher.decrypt(sealed, [purpose.encode()]).decode()
    raise SettingsError("CODE_KEY is not the key that this database was sealed with.")


def is_sealed_now(sealed: bytes, purpose: Purpose) -> bool:
    """Return whether a seal was made with CODE_KEY, rather than with the key that it replaces."""
    try:
        _cipher().decrypt(sealed, [purpose.encode()])
    except InvalidTag:
        return False
    return True


def seal_of_previous(text: str, purpose: Purpose) -> bytes | None:
    """Return `text` as the key that is being replaced sealed it; None where none is."""
    cipher = _previous_cipher()
    return None if cipher is None else cipher.encrypt(text.encode(), [purpose.encode()])


def seals_of(text: str, purpose: Purpose) -> list[bytes]:
    """Return `text` sealed with CODE_KEY and, while that key replaces another, with the other one too.

    To be looked for in one condition, which a row that is sealed again at this very moment fulfils before and after.
    """
    previous = seal_of_previous(text, purpose)
    return [seal(text, purpose)] if previous is None else [seal(text, purpose), previous]


def check_key() -> None:
    """Raise SettingsError where CODE_KEY does not open this database; remember it where the database is new.

    Where its keys are being replaced, both are needed. Needs the migrated schema and commits nothing itself.
    """
    witnesses = db.session.scalars(select(KeyCheck.sealed)).all()
    if not witnesses:
        db.session.execute(insert(KeyCheck).values(id=1, sealed=witness()).on_conflict_do_nothing())
        witnesses = db.session.scalars(select(KeyCheck.sealed)).all()
    for sealed in witnesses:
        try:
            unseal(sealed, "key-check")
        except SettingsError:
            if len(witnesses) == 1:
                raise
            raise SettingsError(
                "The keys of this database are being replaced: CODE_KEY and CODE_KEY_PREVIOUS must name both of them "
                "until edutrack rotate-keys has finished."
            ) from None


def require_key() -> None:
    """Stop the start of a server under a key that does not open this database; raises SettingsError.

    A database that cannot be asked yet, or has no schema yet, stops nothing: `/readyz` says so.
    """
    try:
        in_transaction(check_key)
    except (OperationalError, ProgrammingError) as error:
        _log.error("code_key_unchecked", reason=str(error))
    finally:
        # A server that forks once the application is loaded must not share its connections.
        db.session.remove()
        db.engine.dispose()


def witness() -> bytes:
    """Return the known word sealed with CODE_KEY."""
    return seal(_WITNESS, "key-check")


def fingerprint(sealed_witness: bytes) -> str:
    """Return what tells the key of a witness from other keys, and tells nothing of the key itself."""
    return hashlib.sha256(sealed_witness).hexdigest()[:16]


def key_fingerprints() -> list[str]:
    """Return the fingerprints of the keys that the settings name."""
    previous = seal_of_previous(_WITNESS, "key-check")
    return [fingerprint(sealed) for sealed in (witness(), previous) if sealed is not None]


def init_sealing(app: Flask) -> None:
    """Read the keys once; raises SettingsError where one is not 64 hexadecimal digits."""
    app.extensions["edutrack-seal"] = _read_key(app, "CODE_KEY")
    is_replacing = bool(app.config["CODE_KEY_PREVIOUS"])
    app.extensions["edutrack-seal-previous"] = _read_key(app, "CODE_KEY_PREVIOUS") if is_replacing else None


def _read_key(app: Flask, name: str) -> AESSIV:
    digits = app.config[name]
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digits):
        raise SettingsError(f"{name} must be 64 hexadecimal digits.")
    return AESSIV(bytes.fromhex(digits))


def _cipher() -> AESSIV:
    cipher: AESSIV = current_app.extensions["edutrack-seal"]
    return cipher


def _previous_cipher() -> AESSIV | None:
    cipher: AESSIV | None = current_app.extensions["edutrack-seal-previous"]
    return cipher
