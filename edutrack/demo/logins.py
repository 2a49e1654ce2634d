"""Who can sign in to the demo school, and remembering it beside the embedded database."""

import os
import secrets
import tempfile
from pathlib import Path

from edutrack.demo.people import ASSISTANT, OWNER, PENDING, STUDENT, SUSPENDED, TEACHER

#: Who can sign in to be tried out, and what they are; all have one password.
LOGINS = {
    OWNER: "site owner",
    TEACHER: "teacher (so are demo-teacher-2 and demo-teacher-3)",
    ASSISTANT: "assistant of that teacher",
    STUDENT: "student, verified, with purchases",
    PENDING: "student who waits to be verified",
    SUSPENDED: "student whose account is suspended",
}
_FILE = "demo-password"


def new_password() -> str:
    """Return a random password that is easily typed."""
    return "-".join(secrets.token_hex(2) for _ in range(3))


def shown_logins(password: str) -> str:
    """Return the table of who can sign in, as commands print it."""
    rows = [f"  {username:<16}{who}" for username, who in LOGINS.items()]
    return "\n".join([f"Demo users, all with the password {password}", *rows])


def remember_password(data_dir: Path, password: str) -> None:
    """Keep the demo's password in the data folder, for its owner's eyes alone."""
    descriptor, draft = tempfile.mkstemp(dir=data_dir, prefix=_FILE)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(password)
    os.replace(draft, data_dir / _FILE)


def remembered_password(data_dir: Path) -> str | None:
    """Return the password that the data folder keeps; None where it keeps none."""
    try:
        return (data_dir / _FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
