"""What students are told by mail, in Arabic and in English."""

from edutrack.accounts.models import Student, User
from edutrack.accounts.service import tell_with_verification
from edutrack.core.mail import queue_mail

_STATUS_TEXTS = {
    "pending": (
        "حسابك قيد المراجعة. سنخبرك عند الانتهاء منها.",
        "Your account is being reviewed. We will tell you when it is done.",
    ),
    "verified": (
        "تم تفعيل حسابك. يمكنك الآن الاشتراك في الكورسات.",
        "Your account is verified. You can now enrol in courses.",
    ),
    "declined": (
        "لم يتم قبول حسابك. راجع بياناتك في ملفك الشخصي وصححها لنراجعها مرة أخرى.",
        "Your account was declined. Check your profile and correct it, and we will review it again.",
    ),
    "suspended_temporary": (
        "تم إيقاف حسابك مؤقتًا. تواصل مع الإدارة لمعرفة التفاصيل.",
        "Your account is suspended for now. Please contact an administrator.",
    ),
    "suspended_permanent": (
        "تم إيقاف حسابك نهائيًا. تواصل مع الإدارة لمعرفة التفاصيل.",
        "Your account is suspended permanently. Please contact an administrator.",
    ),
}


def tell_registered(user: User, student_code: str) -> None:
    """Queue the mail that a registration was received, with the student code and the link that verifies the address."""
    # Nothing of the form's own words: a registration could name anybody's address, and have us send them there.
    tell_with_verification(
        user,
        "تم استلام طلب التسجيل - Registration received",
        f"تم استلام طلب تسجيلك. كود الطالب الخاص بك هو {student_code}. سنخبرك عند تفعيل حسابك.\n\n"
        f"We received your registration. Your student code is {student_code}. "
        "We will tell you when your account is verified.",
    )


def tell_status(student: Student) -> None:
    """Queue the mail that names the student's new status."""
    arabic, english = _STATUS_TEXTS[student.status]
    queue_mail(student.user.gmail, "حالة حسابك - Your account", f"{arabic}\n\n{english}\n")
