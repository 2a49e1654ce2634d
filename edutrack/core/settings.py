"""Every setting of the application, declared once: name, type, default and one line of help.

Settings come from the environment. `edutrack settings` lists them, and a test holds the README against this list.
"""

import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

#: Hosts that are reached without leaving this machine.
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class SettingsError(Exception):
    """The environment does not describe an application that may start; the message says what to mend."""


@dataclass(frozen=True)
class Setting:
    """One environment variable: how it is read, what it is without, and what it does."""

    name: str
    kind: str  # text, number, flag, maybe-flag, list, zone or address
    default: Any
    help: str
    #: Whether its value is shown to nobody.
    secret: bool = False
    #: The only values it takes; empty: any.
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> Any:
        """Return the value that `text` stands for; raise SettingsError where it stands for none."""
        text = text.strip()
        if self.kind == "number":
            if not text.isdecimal():
                raise SettingsError(f"{self.name} must be a whole number, not {text!r}.")
            return int(text)
        if self.kind in ("flag", "maybe-flag"):
            if text.lower() in ("1", "true", "yes", "on"):
                return True
            if text.lower() in ("0", "false", "no", "off"):
                return False
            if self.kind == "maybe-flag" and not text:
                return None
            raise SettingsError(f"{self.name} must be true or false, not {text!r}.")
        if self.kind == "list":
            return [part.strip().rstrip("/") for part in text.split(",") if part.strip()]
        if self.kind == "zone":
            try:
                return ZoneInfo(text).key
            except (ValueError, OSError, ZoneInfoNotFoundError):
                raise SettingsError(f"{self.name} must be the name of a time zone, not {text!r}.") from None
        if self.kind == "address" and not _is_address(text):
            raise SettingsError(f"{self.name} must be an https address without a query, not {text!r}.")
        if self.choices and text not in self.choices:
            raise SettingsError(f"{self.name} must be one of {', '.join(self.choices)}, not {text!r}.")
        return text


def _is_address(text: str) -> bool:
    """Return whether secrets may go to this address: by https, or to this machine itself."""
    try:
        url = urlsplit(text)
        # Reading the port judges it.
        is_plain = url.port != 0 and not (url.query or url.fragment or "@" in url.netloc)
    except ValueError:
        return False
    is_private = url.scheme == "https" or (url.scheme == "http" and url.hostname in _THIS_MACHINE)
    return bool(url.hostname) and is_plain and is_private


SETTINGS = (
    Setting("DATABASE_URL", "text", "", "PostgreSQL to use; unset: an embedded one under EDUTRACK_DATA_DIR."),
    Setting(
        "DATABASE_PREPARED_STATEMENTS",
        "flag",
        True,
        "Whether connections keep prepared statements; false behind a pooler that does not follow them.",
    ),
    Setting("SECRET_KEY", "text", "", "Signs file and playback links.", secret=True),
    Setting("JWT_SECRET_KEY", "text", "", "Signs access and refresh tokens.", secret=True),
    Setting(
        "CODE_KEY",
        "text",
        "",
        "Seals recharge codes and national ids at rest: 64 hexadecimal digits, kept apart from database backups.",
        secret=True,
    ),
    Setting(
        "CODE_KEY_PREVIOUS",
        "text",
        "",
        "The key that CODE_KEY replaces, still read and found; only until `edutrack rotate-keys` has finished.",
        secret=True,
    ),
    Setting("EDUTRACK_DATA_DIR", "text", "var", "Folder of the embedded database, its secrets, uploads and mail."),
    Setting("PUBLIC_URL", "text", "", "Where browsers reach this API; unset: as each request says."),
    Setting("FRONTEND_URL", "text", "http://localhost:3000", "Where the student site lives; links in mails and QR."),
    Setting(
        "CSRF_TRUSTED_ORIGINS",
        "list",
        [],
        "Origins, separated by commas, whose pages may use the API with cookies "
        "(on the embedded database http://localhost:3000 by default).",
    ),
    Setting("COOKIE_SECURE", "maybe-flag", None, "Secure attribute of cookies; unset: set when the request is https."),
    Setting(
        "COOKIE_SAMESITE",
        "text",
        "Lax",
        "SameSite attribute of cookies: Lax, Strict or None.",
        choices=("Lax", "Strict", "None"),
    ),
    Setting("COOKIE_DOMAIN", "text", "", "Domain attribute of cookies; unset: the API's own host alone."),
    Setting("BUSINESS_TIME_ZONE", "zone", "Africa/Cairo", "Time zone of calendar days and months."),
    Setting("MEDIA_DIR", "text", "", "Folder of uploaded files; unset: media under EDUTRACK_DATA_DIR."),
    Setting("MAIL_DIR", "text", "", "Folder that takes mails as .eml files; unset: mail under EDUTRACK_DATA_DIR."),
    Setting("MAIL_SENDER", "text", "EduTrack <no-reply@localhost>", "From address of mails."),
    Setting("MAIL_HOST", "text", "", "SMTP server that takes the mails; unset: they become files in MAIL_DIR."),
    Setting("MAIL_PORT", "number", 587, "Port of the SMTP server."),
    Setting("MAIL_USERNAME", "text", "", "Whom to sign in as at the SMTP server; unset: nobody."),
    Setting("MAIL_PASSWORD", "text", "", "Password at the SMTP server.", secret=True),
    Setting(
        "MAIL_TLS",
        "text",
        "starttls",
        "Encryption to the SMTP server: starttls, ssl or none.",
        choices=("starttls", "ssl", "none"),
    ),
    Setting("RATELIMIT_ENABLED", "flag", True, "Whether too many attempts are refused."),
    Setting("RATELIMIT_STORAGE_URI", "text", "memory://", "Where per-address limits are counted (redis://… to share)."),
    Setting("LOGIN_FAILURES_PER_ACCOUNT", "number", 10, "Failed logins per account and address in 15 minutes."),
    Setting("LOGIN_FAILURES_PER_ADDRESS", "number", 300, "Failed logins per address in an hour."),
    Setting("UNKNOWN_CODES_PER_STUDENT", "number", 10, "Unknown recharge codes per student in 15 minutes."),
    Setting("REGISTRATIONS_PER_ADDRESS", "number", 60, "Refused registrations per address in an hour."),
    Setting("PASSWORD_RESETS_PER_ADDRESS", "number", 60, "Password resets asked for per address in an hour."),
    Setting("VERIFICATION_MAILS_PER_USER", "number", 5, "Verification mails that a user may ask for in an hour."),
    Setting("PROXY_COUNT", "number", 0, "Trusted proxies in front; only their X-Forwarded-* lines count."),
    Setting("MAX_UPLOAD_MB", "number", 512, "Largest request body with a file, in MiB."),
    Setting("MAX_BODY_KB", "number", 1024, "Largest request body without a file, in KiB."),
    Setting("BUNNY_LIBRARY_ID", "text", "", "Number of the video library at Bunny Stream; unset: no videos there."),
    Setting("BUNNY_TOKEN_KEY", "text", "", "Key of that library's embed view token authentication.", secret=True),
    Setting(
        "BUNNY_PLAYER_URL",
        "address",
        "https://iframe.mediadelivery.net/embed",
        "Address of Bunny Stream's player, without library and video.",
    ),
    Setting("VDOCIPHER_API_SECRET", "text", "", "API secret key at VdoCipher; unset: no videos there.", secret=True),
    Setting("VDOCIPHER_API_URL", "address", "https://dev.vdocipher.com/api", "Address of VdoCipher's server API."),
    Setting("VDOCIPHER_PLAYER_URL", "address", "https://player.vdocipher.com/v2/", "Address of VdoCipher's player."),
    Setting("METRICS_ENABLED", "flag", False, "Whether /metrics answers Prometheus, from this machine alone."),
    Setting("METRICS_TOKEN", "text", "", "Bearer token with which /metrics answers from anywhere.", secret=True),
    Setting("LOG_FORMAT", "text", "console", "console for people, json for machines.", choices=("console", "json")),
)

#: What nothing starts without: given, or on the embedded database made.
_SECRETS = ("SECRET_KEY", "JWT_SECRET_KEY", "CODE_KEY")
#: What means something only together.
_TOGETHER = (("BUNNY_LIBRARY_ID", "BUNNY_TOKEN_KEY"),)


def load_settings(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return every setting by name, read from `environment`.

    Without DATABASE_URL, missing secrets are made once and kept beside the embedded database.
    Raises SettingsError for a value that cannot be read, and for a missing secret where DATABASE_URL is set.
    """
    values = {
        setting.name: setting.read(environment[setting.name]) if environment.get(setting.name) else setting.default
        for setting in SETTINGS
    }
    data_dir = Path(values["EDUTRACK_DATA_DIR"]).resolve()
    values["EDUTRACK_DATA_DIR"] = str(data_dir)
    values["MEDIA_DIR"] = values["MEDIA_DIR"] or str(data_dir / "media")
    values["MAIL_DIR"] = values["MAIL_DIR"] or str(data_dir / "mail")
    values["EMBEDDED_DATABASE"] = not values["DATABASE_URL"]
    missing = [name for name in _SECRETS if not values[name]]
    if values["EMBEDDED_DATABASE"]:
        values["CSRF_TRUSTED_ORIGINS"] = values["CSRF_TRUSTED_ORIGINS"] or ["http://localhost:3000"]
        if missing:
            kept = _kept_secrets(data_dir / "secrets.json")
            values.update({name: kept[name] for name in missing})
    elif missing:
        raise SettingsError(f"DATABASE_URL is set, so these must be set too: {', '.join(missing)}.")
    return values


def half_set(values: Mapping[str, Any]) -> list[str]:
    """Return one line for each group of settings of which some are set and some are missing: it counts as not set."""
    return [
        f"{', '.join(name for name in group if not values[name])} is missing, so these count for nothing: "
        f"{', '.join(name for name in group if values[name])}."
        for group in _TOGETHER
        if any(values[name] for name in group) and not all(values[name] for name in group)
    ]


def _kept_secrets(path: Path) -> dict[str, str]:
    """Return the secrets kept in `path`, making them first where there are none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # A name of its own, readable by its owner alone.
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with open(descriptor, "wb") as file:
            file.write(orjson.dumps({name: secrets.token_hex(32) for name in _SECRETS}))
        try:
            # A link fails where another process was first: both then read that one's secrets.
            os.link(draft, path)
        except FileExistsError:
            return _kept_secrets(path)
        finally:
            os.unlink(draft)
    return orjson.loads(path.read_bytes())
