"""The rules of accounts: signing in, sessions, passwords, and who gets an account."""

from edutrack.accounts.service.assistants import change_assistant, create_assistant, delete_assistant
from edutrack.accounts.service.emails import resend_verification, verify_address
from edutrack.accounts.service.mails import tell_with_verification
from edutrack.accounts.service.passwords import (
    change_password,
    mail_reset_link,
    request_password_reset,
    reset_password,
    reset_password_of,
)
from edutrack.accounts.service.sessions import (
    SignedIn,
    end_session,
    end_sessions_of,
    log_in,
    rotate_session,
    sign_out_everywhere,
)
from edutrack.accounts.service.teachers import change_teacher, create_teacher
from edutrack.accounts.service.users import change_gmail, create_site_owner, create_user, set_password

__all__ = [
    "SignedIn",
    "change_assistant",
    "change_gmail",
    "change_password",
    "change_teacher",
    "create_assistant",
    "create_site_owner",
    "create_teacher",
    "create_user",
    "delete_assistant",
    "end_session",
    "end_sessions_of",
    "log_in",
    "mail_reset_link",
    "request_password_reset",
    "resend_verification",
    "reset_password",
    "reset_password_of",
    "rotate_session",
    "set_password",
    "sign_out_everywhere",
    "tell_with_verification",
    "verify_address",
]
