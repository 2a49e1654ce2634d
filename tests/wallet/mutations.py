"""Deliberate mistakes in the source of what moves money, each of which the machine has to notice."""

import ast
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from edutrack.core import auth, idempotency
from edutrack.courses.service import playback, purchases
from edutrack.wallet.queries import access
from edutrack.wallet.service import adjusting, buying, ledger, redeeming, voiding


@dataclass(frozen=True)
class Mutation:
    """A piece of a function's or statement's source, and the mistake that stands there instead."""

    what: str
    module: ModuleType
    name: str
    old: str
    new: str

    @contextmanager
    def made(self) -> Iterator[None]:
        """Let the application make the mistake for the length of the context, whoever imported the function."""
        original = getattr(self.module, self.name)
        mistaken = self._compiled()
        if isinstance(original, FunctionType):
            code, original.__code__ = original.__code__, mistaken.__code__
        else:
            setattr(self.module, self.name, mistaken)
        try:
            yield
        finally:
            if isinstance(original, FunctionType):
                original.__code__ = code
            else:
                setattr(self.module, self.name, original)

    def _compiled(self) -> Any:
        source = _source_of(self.module, self.name)
        if source.count(self.old) != 1:
            raise LookupError(f"{self.old!r} stands {source.count(self.old)} times in {self.name}, not once.")
        names: dict[str, Any] = {}
        exec(compile(source.replace(self.old, self.new), self.name, "exec"), vars(self.module), names)  # noqa: S102
        return names[self.name]


def _source_of(module: ModuleType, name: str) -> str:
    """Return the source of the function, or of the assignment, of that name."""
    source = inspect.getsource(module)
    for node in ast.parse(source).body:
        names = [target.id for target in getattr(node, "targets", ()) if isinstance(target, ast.Name)]
        if name in names or getattr(node, "name", None) == name:
            return ast.get_source_segment(source, node) or ""
    raise LookupError(name)


MUTATIONS = (
    Mutation("a debit does not ask for the balance", ledger, "_DEBIT", ", CourseBalance.balance >= _BY", ""),
    Mutation(
        "a debit adds to the balance", ledger, "_DEBIT", "CourseBalance.balance - _BY", "CourseBalance.balance + _BY"
    ),
    Mutation("a debit takes from every course's balance", ledger, "_DEBIT", "CourseBalance.course_id == _COURSE, ", ""),
    Mutation(
        "the entry of an adjustment has the wrong sign",
        adjusting,
        "adjust_balance",
        "-amount, source",
        "amount, source",
    ),
    Mutation(
        "a code is credited twice",
        redeeming,
        "redeem_code",
        "    if entry is None:",
        "    credit(student_id, course_id, used.value, Source(code_id=used.id), now)\n    if entry is None:",
    ),
    Mutation("a used code is taken again", redeeming, "_USE_UP", "RechargeCode.used_by_id.is_(None),", ""),
    Mutation("a cancelled code is taken", redeeming, "_USE_UP", "RechargeCode.voided_at.is_(None),", ""),
    Mutation(
        "the expiry of a code is not looked at",
        redeeming,
        "_USE_UP",
        "or_(RechargeCode.expires_at.is_(None), RechargeCode.expires_at > _NOW),",
        "",
    ),
    Mutation(
        "a code is good at the moment it expires", redeeming, "_USE_UP", "expires_at > _NOW", "expires_at >= _NOW"
    ),
    Mutation(
        "a code is taken for another course",
        redeeming,
        "_USE_UP",
        'RechargeCode.course_id == bindparam("course", type_=BigInteger),',
        "",
    ),
    Mutation("voiding takes used codes along", voiding, "_unsettled", "RechargeCode.used_by_id.is_(None),", ""),
    Mutation("a key does not keep from a second effect", idempotency, "_run_once", "if row_id is None:", "if False:"),
    Mutation("a key is taken with another body", idempotency, "_first_answer", "first.request_hash != digest", "False"),
    Mutation("a key is kept for ever", idempotency, "_claim", "clock.now() - KEPT", "clock.now() - 9999 * KEPT"),
    Mutation(
        "a price once paid is asked of the next",
        buying,
        "_GRANT_ACCESS",
        "Lecture.final_price",
        "func.coalesce(select(func.min(Purchase.amount_paid)).where(Purchase.lecture_id == _LECTURE)"
        ".scalar_subquery(), Lecture.final_price)",
    ),
    Mutation("the discount is not given", buying, "_GRANT_ACCESS", "Lecture.final_price", "Lecture.price"),
    Mutation(
        "a window lasts a day too long",
        buying,
        "_GRANT_ACCESS",
        "_EXPIRES_AT, _EXPIRES_AT",
        "_EXPIRES_AT, _EXPIRES_AT + func.make_interval(0, 0, 0, 1)",
    ),
    Mutation(
        "days are added from now, not from the end",
        purchases,
        "extend_window",
        "func.greatest(Purchase.effective_expiry, clock.now())",
        "clock.now()",
    ),
    Mutation(
        "days are added to a window that is over",
        purchases,
        "extend_window",
        "func.greatest(Purchase.effective_expiry, clock.now())",
        "Purchase.effective_expiry",
    ),
    Mutation("who is suspended may go on", auth, "authorise", "asking.can_access_course or ", "True or "),
    Mutation(
        "nobody asks for an approved enrolment",
        access,
        "_LECTURE_ACCESS",
        '(Enrollment.status == "approved").is_(True)',
        "Course.id.is_not(None)",
    ),
    Mutation("a window that is over opens", playback, "open_lecture", "lecture.effective_expiry <= now", "False"),
)
