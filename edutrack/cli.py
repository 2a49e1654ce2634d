"""The `edutrack` command."""

import os
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TypeVar

import click
from flask import current_app
from flask.cli import FlaskGroup
from flask_migrate import upgrade
from sqlalchemy.exc import ProgrammingError

from edutrack import create_app
from edutrack.accounts.service import create_site_owner
from edutrack.core.durability import warn_of_losses
from edutrack.core.embedded import EmbeddedDatabaseError
from edutrack.core.errors import DomainError, Invalid
from edutrack.core.forgetting import forget_what_has_served
from edutrack.core.json import compact
from edutrack.core.mail import deliver_mail
from edutrack.core.openapi import describe
from edutrack.core.sealing import check_key
from edutrack.core.settings import SETTINGS, SettingsError, half_set
from edutrack.core.transaction import in_transaction
from edutrack.demo.logins import new_password, remember_password, remembered_password, shown_logins
from edutrack.demo.school import build_demo_school, is_demo_here
from edutrack.operations.backup import back_up
from edutrack.operations.checks import violations
from edutrack.operations.errors import OperationError
from edutrack.operations.restore import restore
from edutrack.operations.rotation import rotate_keys
from edutrack.owner.figures.closing import roll_up
from edutrack.owner.ledger import record_check
from edutrack.quizzes.sweeper import close_attempts
from edutrack.scale.seeding import finish_scale, seed_scale

Result = TypeVar("Result")


@click.group(cls=FlaskGroup, create_app=create_app, add_version_option=False)
@click.version_option(metadata.version("edutrack"))
def cli() -> None:
    """Run EduTrack: its database, its server, its checks."""


@cli.command("create-owner")
@click.option("--username", prompt=True)
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@click.option("--gmail", prompt="E-mail address")
def create_owner_command(username: str, password: str, gmail: str) -> None:
    """Create a site owner."""
    check_key_or_exit()
    run_or_exit(lambda: create_site_owner(username=username, password=password, gmail=gmail))
    click.echo(f"Site owner {username} can sign in.")


@cli.command("seed-demo")
@click.option("--password", help="Of every demo user; left out: a random one.")
def seed_demo_command(password: str | None) -> None:
    """Fill an empty database with a small demo school."""
    check_key_or_exit()
    password = password or new_password()
    if not seed_demo_or_exit(password):
        raise click.ClickException("The database has users already; the demo school needs an empty one.")
    click.echo(shown_logins(password))


@cli.command("seed-scale")
@click.option("--students", default=100_000, show_default=True, type=click.IntRange(min=1))
@click.option("--purchases", default=1_000_000, show_default=True, type=click.IntRange(min=0))
@click.option("--password", prompt=True, hide_input=True, help="Of every user of the large school.")
def seed_scale_command(students: int, purchases: int, password: str) -> None:
    """Fill an empty database with a very large school, for measuring."""
    check_key_or_exit()
    run_or_exit(lambda: seed_scale(students, purchases, password, show_progress))
    finish_scale()
    click.echo(f"{students} students and {purchases} purchases; owner, teacher1 and student1 can sign in.")


def show_progress(table: str, rows: int, done: int) -> None:
    """Draw how far a table has been filled, in one line that is drawn again; only for people."""
    if done == rows or sys.stdout.isatty():
        filled = 30 * done // rows if rows else 30
        bar = "#" * filled + "-" * (30 - filled)
        click.echo(f"\r{table:<22}[{bar}] {done:>9,} of {rows:,}", nl=done == rows)


@cli.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, envvar="HOST")
@click.option("--port", default=8000, show_default=True, envvar="PORT")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(min=1))
@click.option("--prepare", is_flag=True, help="Bring the database up to date first; a new embedded one gets demo data.")
def serve_command(host: str, port: int, workers: int, prepare: bool) -> None:
    """Run the production server."""
    from edutrack.serving import serve

    if prepare:
        upgrade()
    check_key_or_exit()
    is_embedded = current_app.config["EMBEDDED_DATABASE"]
    if prepare and is_embedded:
        seed_demo_or_exit(new_password())
    warn_of_half_set()
    for line in warn_of_losses():
        click.secho(f"WARNING: {line}", fg="red", bold=True, err=True)
    click.echo(f"EduTrack answers at http://{host}:{port}/api/ (Ctrl-C ends it).")
    if is_embedded:
        click.echo(f"Embedded database and uploads: {current_app.config['EDUTRACK_DATA_DIR']}")
        demo_password = remembered_password(Path(current_app.config["EDUTRACK_DATA_DIR"]))
        # Somebody may have removed the database and left the password.
        if demo_password and is_demo_here():
            click.echo(shown_logins(demo_password))
    serve(host, port, workers)


@cli.command("send-mail")
def send_mail_command() -> None:
    """Deliver the mail that waits, once, and say how many left."""
    click.echo(f"Mails delivered: {deliver_mail()}.")


@cli.command("roll-up")
def roll_up_command() -> None:
    """Roll up what figures are read from: the revenue of the hours that are over, and the tallies."""
    roll_up()


@cli.command("forget")
def forget_command() -> None:
    """Delete what has served its purpose (old sessions, mails, keys of requests), once, and say how much there was."""
    click.echo(f"Rows deleted: {forget_what_has_served()}.")


@cli.command("close-attempts")
def close_attempts_command() -> None:
    """Close the quiz attempts whose time is over, once, and say how many there were."""
    click.echo(f"Attempts closed: {close_attempts()}.")


@cli.command("check-ledger")
def check_ledger_command() -> None:
    """Check what must always be true of money, access and exams; exit with 1 where it is not."""
    found = violations()
    in_transaction(lambda: record_check(None, {name: len(rows) for name, rows in found.items()}))
    for name, rows in found.items():
        click.echo(f"VIOLATED {name}: {len(rows)} rows, such as {dict(rows[0]._mapping)}")
    if found:
        sys.exit(1)
    click.echo("Every invariant holds.")


@cli.command("backup")
@click.option("--to", "target", required=True, type=click.Path(path_type=Path), help="The archive to make.")
def backup_command(target: Path) -> None:
    """Write database and uploaded files to one archive, whatever happens meanwhile."""
    check_key_or_exit()
    done = operate_or_exit(lambda: back_up(target))
    click.echo(f"{target}: {len(done.tables)} tables, {done.rows:,} rows, {done.media.files:,} files.")
    click.echo(
        f"Keep CODE_KEY apart from it (fingerprint {', '.join(done.key_fingerprints)}): the archive holds no key."
    )


@cli.command("restore")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore_command(source: Path) -> None:
    """Fill an empty database from an archive of `backup`, and check that all of it is there."""
    done = operate_or_exit(lambda: restore(source))
    click.echo(
        f"Restored as of {done.taken_at}: {len(done.tables)} tables, {done.rows:,} rows, {done.media.files:,} files."
    )
    click.echo("Every table is as it was, and every invariant holds.")


@cli.command("rotate-keys")
def rotate_keys_command() -> None:
    """Seal everything that CODE_KEY_PREVIOUS sealed with CODE_KEY, beside running servers that know both."""
    done = operate_or_exit(lambda: rotate_keys(show_sealed))
    click.echo("Sealed again: " + ", ".join(f"{count:,} of {table}" for table, count in done.items()) + ".")
    click.echo("CODE_KEY_PREVIOUS is no longer needed.")


def show_sealed(table: str, rows: int) -> None:
    """Draw how far a table has been sealed again; only for people."""
    if sys.stdout.isatty():
        click.echo(f"\r{table:<22}{rows:>9,}", nl=False)


@cli.command("openapi")
def openapi_command() -> None:
    """Print the OpenAPI document."""
    click.echo(compact(describe()))


@cli.command("settings")
def settings_command() -> None:
    """List every setting with its value and what it does; secrets are not shown."""
    for setting in SETTINGS:
        value = current_app.config[setting.name]
        shown = "(secret)" if setting.secret and value else "" if value is None else value
        click.echo(f"{setting.name}={','.join(shown) if isinstance(shown, list) else shown}\n    {setting.help}")
    warn_of_half_set()


def warn_of_half_set() -> None:
    """Say which settings count for nothing because others are missing."""
    for line in half_set(current_app.config):
        click.echo(f"Warning: {line}", err=True)


def seed_demo_or_exit(password: str) -> bool:
    """Build the demo school and return whether it was built: not where anybody has an account already.

    Beside an embedded database its password is remembered, so that every start of the server can show it.
    """

    def build() -> bool:
        is_built = build_demo_school(password)
        if is_built and current_app.config["EMBEDDED_DATABASE"]:
            remember_password(Path(current_app.config["EDUTRACK_DATA_DIR"]), password)
        return is_built

    return run_or_exit(build)


def run_or_exit(work: Callable[[], Result]) -> Result:
    """Return what `work` returns, in a transaction; stop with one line where a rule refuses it."""
    try:
        with current_app.test_request_context():
            result: Result = in_transaction(work)
            return result
    except Invalid as error:
        raise click.ClickException(
            "; ".join(f"{field}: {' '.join(messages)}" for field, messages in error.messages.items())
        ) from None
    except DomainError as error:
        raise click.ClickException(error.message) from None


def operate_or_exit(work: Callable[[], Result]) -> Result:
    """Return what `work` returns, which has transactions of its own; stop with one line where it cannot be done."""
    try:
        with current_app.test_request_context():
            return work()
    except (OperationError, SettingsError) as error:
        raise click.ClickException(str(error)) from None


def check_key_or_exit() -> None:
    """Stop with one line where the schema is missing or CODE_KEY does not open this database."""
    try:
        with current_app.test_request_context():
            in_transaction(check_key)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    except ProgrammingError:
        raise click.ClickException("The database's schema is not up to date: run edutrack db upgrade.") from None


def main() -> None:
    """Run the command line; what the operator can mend is said in one line."""
    # Flask's loader would read .env files of parent folders; settings come from the environment alone.
    os.environ.setdefault("FLASK_SKIP_DOTENV", "1")
    try:
        cli()
    except (SettingsError, EmbeddedDatabaseError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
