"""The words of notifications, in English and in Arabic."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from edutrack.core.language import Language
from edutrack.notifications.models import NotificationType


class Wording(NamedTuple):
    """One text in each language; names in braces are filled in from a notification's params."""

    en: str
    ar: str

    def say(self, language: Language, params: Mapping[str, Any]) -> str:
        """Return the text in a language, its names filled in."""
        return (self.ar if language == "ar" else self.en).format_map(params)


class Template(NamedTuple):
    """How notifications of one type read."""

    display: Wording
    title: Wording
    #: The message; where it depends on more than names, by the params' `state`.
    message: Wording | Mapping[str, Wording]

    def say_message(self, language: Language, params: Mapping[str, Any]) -> str:
        """Return the message in a language."""
        wording = self.message if isinstance(self.message, Wording) else self.message[params["state"]]
        return wording.say(language, params)


_ACCOUNT_STATES = {
    "pending": Wording(
        "Your account is being reviewed. We will tell you when it is done.",
        "حسابك قيد المراجعة. سنخبرك عند الانتهاء منها.",
    ),
    "verified": Wording(
        "Your account is verified. You can now enrol in courses.",
        "تم تفعيل حسابك. يمكنك الآن الاشتراك في الكورسات.",
    ),
    "inactive": Wording(
        "Your account is switched off. Please contact an administrator.",
        "تم إيقاف تفعيل حسابك. تواصل مع الإدارة لمعرفة التفاصيل.",
    ),
    "declined": Wording(
        "Your account was declined. Check your profile and correct it, and we will review it again.",
        "لم يتم قبول حسابك. راجع بياناتك في ملفك الشخصي وصححها لنراجعها مرة أخرى.",
    ),
    "suspended_temporary": Wording(
        "Your account is suspended for now. Please contact an administrator.",
        "تم إيقاف حسابك مؤقتًا. تواصل مع الإدارة لمعرفة التفاصيل.",
    ),
    "suspended_permanent": Wording(
        "Your account is suspended permanently. Please contact an administrator.",
        "تم إيقاف حسابك نهائيًا. تواصل مع الإدارة لمعرفة التفاصيل.",
    ),
}

TEMPLATES: dict[NotificationType, Template] = {
    "enrollment_requested": Template(
        Wording("Enrollment requested", "طلب اشتراك"),
        Wording("New enrollment request", "طلب اشتراك جديد"),
        Wording("{student_name} asks to join “{course_name}”.", "يطلب {student_name} الاشتراك في «{course_name}»."),
    ),
    "enrollment_approved": Template(
        Wording("Enrollment approved", "قبول الاشتراك"),
        Wording("Your enrollment was approved", "تم قبول طلب اشتراكك"),
        Wording("You can now study in “{course_name}”.", "يمكنك الآن المذاكرة في «{course_name}»."),
    ),
    "enrollment_rejected": Template(
        Wording("Enrollment rejected", "رفض الاشتراك"),
        Wording("Your enrollment was rejected", "تم رفض طلب اشتراكك"),
        Wording("Your request to join “{course_name}” was rejected.", "تم رفض طلب اشتراكك في «{course_name}»."),
    ),
    "balance_added": Template(
        Wording("Balance added", "إضافة رصيد"),
        Wording("Your balance has grown", "تمت إضافة رصيد"),
        Wording(
            "{amount} EGP were added to your balance in “{course_name}”.",
            "تمت إضافة {amount} جنيه إلى رصيدك في «{course_name}».",
        ),
    ),
    "lecture_reopened": Template(
        Wording("Lecture reopened", "إعادة فتح محاضرة"),
        Wording("A lecture is open longer", "تم تمديد فتح محاضرة"),
        Wording(
            "You can watch “{lecture_name}” for longer. Extra days: {extra_days}.",
            "يمكنك مشاهدة «{lecture_name}» لفترة أطول. عدد الأيام الإضافية: {extra_days}.",
        ),
    ),
    "lecture_purchased": Template(
        Wording("Lecture purchased", "شراء محاضرة"),
        Wording("A lecture was bought", "تم شراء محاضرة"),
        Wording(
            "{student_name} bought “{lecture_name}” of “{course_name}”.",
            "اشترى {student_name} محاضرة «{lecture_name}» من «{course_name}».",
        ),
    ),
    "lecture_published": Template(
        Wording("Lecture published", "نشر محاضرة"),
        Wording("A new lecture is there", "محاضرة جديدة"),
        Wording(
            "“{lecture_name}” is now available in “{course_name}”.",
            "محاضرة «{lecture_name}» متاحة الآن في «{course_name}».",
        ),
    ),
    "quiz_graded": Template(
        Wording("Quiz graded", "تصحيح اختبار"),
        Wording("Your quiz was graded", "تم تصحيح اختبارك"),
        Wording(
            "Your answers in “{quiz_title}” of “{lecture_name}” were graded.",
            "تم تصحيح إجاباتك في «{quiz_title}» من محاضرة «{lecture_name}».",
        ),
    ),
    "account_status_changed": Template(
        Wording("Account status changed", "تغيير حالة الحساب"),
        Wording("Your account has changed", "تغيرت حالة حسابك"),
        _ACCOUNT_STATES,
    ),
}
