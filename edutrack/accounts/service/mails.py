"""What users are told by mail about their accounts, in Arabic and in English."""

from edutrack.accounts.models import User
from edutrack.accounts.service.links import EMAIL_VERIFICATION, PASSWORD_RESET
from edutrack.core.mail import queue_mail

_RESET_TEXT = """\
طُلب تغيير كلمة المرور لحسابك. لاختيار كلمة مرور جديدة افتح هذا الرابط خلال ساعة:
Somebody asked for a new password for your account. To choose one, open this link within an hour:

{link}

إذا لم تطلب ذلك فتجاهل هذه الرسالة، ولن يتغير شيء.
If it was not you, ignore this mail and nothing will change.
"""
_VERIFICATION_TEXT = """\
لتأكيد أن هذا البريد الإلكتروني لك افتح هذا الرابط خلال ثلاثة أيام:
To confirm that this e-mail address is yours, open this link within three days:

{link}
"""


def tell_reset_link(address: str) -> None:
    """Queue the mail by which whoever has the address chooses a new password; it leaves only if somebody has it."""
    queue_mail(address, "كلمة مرور جديدة - A new password", _RESET_TEXT, link_kind=PASSWORD_RESET)


def tell_address_to_verify(user: User) -> None:
    """Queue the mail by which a user shows that the address is theirs."""
    queue_mail(
        user.gmail,
        "تأكيد بريدك الإلكتروني - Confirm your e-mail address",
        _VERIFICATION_TEXT,
        link_kind=EMAIL_VERIFICATION,
    )


def tell_account_made(user: User) -> None:
    """Queue the mail that an account was made for somebody, with the link that verifies the address."""
    tell_with_verification(user, "حسابك الجديد - Your new account", "تم إنشاء حساب لك.\nAn account was made for you.")


def tell_with_verification(user: User, subject: str, text: str) -> None:
    """Queue a mail that ends with the link by which the user verifies the address."""
    queue_mail(user.gmail, subject, f"{text.rstrip()}\n\n{_VERIFICATION_TEXT}", link_kind=EMAIL_VERIFICATION)
