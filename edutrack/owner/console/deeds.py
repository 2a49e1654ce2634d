"""What the audit trail's verbs mean, in words.

Every verb that is recorded anywhere stands here; names in a sentence are those of the entry's details.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _
from markupsafe import Markup

from edutrack.owner.console.language import number

_NAMES = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class DeedGroup:
    """Verbs that are looked for together."""

    label: Any
    #: Verb to sentence.
    deeds: Mapping[str, Any]


def _made_changed_deleted(noun: str, made: Any, changed: Any, deleted: Any) -> dict[str, Any]:
    return {f"{noun}.created": made, f"{noun}.changed": changed, f"{noun}.deleted": deleted}


GROUPS: dict[str, DeedGroup] = {
    "codes": DeedGroup(
        _("Recharge codes"),
        {
            "recharge_batch.issued": _("Codes were made: %(quantity)s of %(value)s pounds each"),
            "recharge_batch.printed": _("Codes were printed: %(count)s"),
            "recharge_batch.exported": _("All codes of a batch were taken away in a file"),
            "recharge_batch.voided": _("What was left of a batch was cancelled, codes: %(voided)s"),
            "recharge_batch.range_voided": _("Of the codes %(first)s to %(last)s, %(voided)s were cancelled"),
            "recharge_code.voided": _("A code was cancelled"),
            "recharge_codes.listed": _("Codes were read in the clear"),
        },
    ),
    "money": DeedGroup(
        _("Balances and access"),
        {
            "balance.adjusted": _("A balance was corrected by %(amount)s pounds"),
            "purchase.reopened": _("A lecture was opened again, extra days: %(extra_days)s"),
        },
    ),
    "students": DeedGroup(
        _("Students"),
        {
            "student.status.changed": _("A student's status was changed"),
            "student.profile.changed": _("A student changed their own profile"),
            "enrollment.approved": _("An enrolment was approved"),
            "enrollment.rejected": _("An enrolment was rejected"),
        },
    ),
    "staff": DeedGroup(
        _("Teachers and assistants"),
        {
            "teacher.created": _("A teacher was added"),
            "teacher.changed": _("A teacher was changed"),
            **_made_changed_deleted(
                "assistant",
                _("An assistant was added"),
                _("An assistant was changed"),
                _("An assistant was deleted"),
            ),
        },
    ),
    "accounts": DeedGroup(
        _("Accounts and passwords"),
        {
            "siteowner.created": _("A site owner was added"),
            "user.password.changed": _("A password was changed by its owner"),
            "user.password.reset": _("Another password was set"),
            "user.password.link.mailed": _("A link to a new password was mailed"),
            "user.sessions.ended": _("All sessions of an account were ended"),
        },
    ),
    "catalogue": DeedGroup(
        _("Courses and lectures"),
        {
            **_made_changed_deleted(
                "course", _("A course was added"), _("A course was changed"), _("A course was deleted")
            ),
            "course.reordered": _("A course was put in another order"),
            **_made_changed_deleted(
                "topic", _("A topic was added"), _("A topic was changed"), _("A topic was deleted")
            ),
            **_made_changed_deleted(
                "lecture", _("A lecture was added"), _("A lecture was changed"), _("A lecture was deleted")
            ),
            **_made_changed_deleted(
                "video", _("A video was added"), _("A video was changed"), _("A video was deleted")
            ),
            **_made_changed_deleted(
                "material",
                _("Study material was added"),
                _("Study material was changed"),
                _("Study material was deleted"),
            ),
        },
    ),
    "exams": DeedGroup(
        _("Questions, quizzes and homework"),
        {
            **_made_changed_deleted(
                "question", _("A question was added"), _("A question was changed"), _("A question was deleted")
            ),
            "questions.imported": _("Questions were brought in from a file: %(imported)s"),
            "questions.exported": _("Questions were taken away in a file"),
            **_made_changed_deleted("quiz", _("A quiz was added"), _("A quiz was changed"), _("A quiz was deleted")),
            "quiz.submission.graded": _("An attempt was graded with %(score)s points"),
            **_made_changed_deleted(
                "homework", _("Homework was added"), _("Homework was changed"), _("Homework was deleted")
            ),
        },
    ),
    "structure": DeedGroup(
        _("Educational structure"),
        {
            **_made_changed_deleted(
                "grade", _("A grade was added"), _("A grade was changed"), _("A grade was deleted")
            ),
            "grade.reordered": _("Grades were put in another order"),
            **_made_changed_deleted(
                "school_type",
                _("A school type was added"),
                _("A school type was changed"),
                _("A school type was deleted"),
            ),
            **_made_changed_deleted(
                "division", _("A division was added"), _("A division was changed"), _("A division was deleted")
            ),
            **_made_changed_deleted(
                "subject", _("A subject was added"), _("A subject was changed"), _("A subject was deleted")
            ),
            **_made_changed_deleted(
                "governorate",
                _("A governorate was added"),
                _("A governorate was changed"),
                _("A governorate was deleted"),
            ),
            **_made_changed_deleted("area", _("An area was added"), _("An area was changed"), _("An area was deleted")),
            **_made_changed_deleted(
                "video_security",
                _("A kind of video security was added"),
                _("A kind of video security was changed"),
                _("A kind of video security was deleted"),
            ),
        },
    ),
    "books": DeedGroup(
        _("Revenue and books"),
        {
            "revenue.exported": _("Revenue figures were taken away in a file"),
            "ledger.checked": _("The books were checked"),
        },
    ),
    "site": DeedGroup(
        _("The site and its data"),
        {
            "settings.changed": _("The settings of the site were changed"),
            "backup.made": _("A backup was made"),
            "backup.restored": _("A backup was restored"),
            "keys.rotated": _("Codes and national IDs were sealed under another key"),
        },
    ),
}
SENTENCES: dict[str, Any] = {verb: text for group in GROUPS.values() for verb, text in group.deeds.items()}


def sentence(verb: str, details: Mapping[str, Any]) -> Markup:
    """Return what was done, in the reader's language; of a verb without words the verb itself."""
    text = SENTENCES.get(verb)
    if text is None:
        return Markup('<bdi class="code">{}</bdi>').format(verb)
    values = defaultdict(lambda: Markup("—"), {name: _inline(value) for name, value in details.items()})
    return Markup(str(text)) % values  # noqa: S704 - our own words, and what stands in them is escaped


def named_in_sentence(verb: str) -> frozenset[str]:
    """Return the names of the details that a verb's sentence says already."""
    return frozenset(_NAMES.findall(str(SENTENCES.get(verb, ""))))


def _inline(value: Any) -> Markup:
    return number(value) if type(value) is int else Markup("<bdi>{}</bdi>").format(value)
