"""The audit trail, page by page, and the names of what its entries are about."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Row, Select, Text, case, cast, func, literal, null, select, tuple_, union_all

from edutrack.accounts.models import Assistant, Student, Teacher, User
from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.courses.models import Course, Enrollment, Lecture, Purchase, StudyMaterial, Topic, Video
from edutrack.owner.queries import audit_entries
from edutrack.quizzes.models import Homework, Quiz, QuizSubmission
from edutrack.structure.models import Area, Division, Governorate, Grade, SchoolType, Subject, VideoSecurity
from edutrack.wallet.codes import serial
from edutrack.wallet.models import Adjustment, RechargeBatch, RechargeCode

#: A kind of thing, by the name of its table, and its number.
Key = tuple[str, int]


@dataclass(frozen=True)
class TrailPage:
    """A page of the audit trail, newest entries first."""

    entries: Sequence[Row[*tuple[Any, ...]]]
    #: The entries before which older ones, and after which newer ones come; None: there are none.
    older_than: int | None
    newer_than: int | None


@dataclass(frozen=True)
class Thing:
    """What an entry is about: its name, and the kind and number of what has a page that shows it."""

    name: str
    shown_with: Key | None


def read_trail(size: int, *, before: int | None = None, after: int | None = None, **filters: Any) -> TrailPage:
    """Return the newest `size` entries that pass the filters, or those next to the entry `before` or `after`.

    Found by their place in time, so that no page costs more than the first. One statement, and one each for the
    place and the actor.
    """
    rows, place = audit_entries(**filters), (AuditEntry.recorded_at, AuditEntry.id)
    start = _place_of(before or after)
    if start is None:
        found = db.session.execute(rows.limit(size + 1)).all()
        return _page(found[:size], has_older=len(found) > size, has_newer=False)
    if before is not None:
        found = db.session.execute(rows.where(tuple_(*place) < start).limit(size + 1)).all()
        return _page(found[:size], has_older=len(found) > size, has_newer=True)
    rising = rows.where(tuple_(*place) > start).order_by(None).order_by(*(column.asc() for column in place))
    found = db.session.execute(rising.limit(size + 1)).all()
    return _page(found[:size][::-1], has_older=True, has_newer=len(found) > size)


def things_named(keys: Iterable[Key]) -> Mapping[Key, Thing]:
    """Return the names of what is still there; kinds that have none are left out. One statement, whatever the kinds."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for kind, number in keys:
        wanted[kind].add(number)
    parts = [
        _NAMES[kind].where(_NAMES[kind].selected_columns.id.in_(numbers))
        for kind, numbers in wanted.items()
        if kind in _NAMES
    ]
    if not parts:
        return {}
    return {
        (row.kind, row.id): Thing(_spelled(row), (row.page, row.page_id) if row.page_id else None)
        for row in db.session.execute(union_all(*parts))
    }


def _place_of(entry_id: int | None) -> Any:
    if entry_id is None:
        return None
    place = select(AuditEntry.recorded_at, AuditEntry.id).where(AuditEntry.id == entry_id)
    found = db.session.execute(place).one_or_none()
    return None if found is None else tuple_(*found)


def _page(entries: Sequence[Row[*tuple[Any, ...]]], *, has_older: bool, has_newer: bool) -> TrailPage:
    return TrailPage(
        entries,
        older_than=entries[-1].id if entries and has_older else None,
        newer_than=entries[0].id if entries and has_newer else None,
    )


def _spelled(row: Row[*tuple[Any, ...]]) -> str:
    if row.kind == RechargeBatch.__tablename__:
        return f"{row.id:06d}"
    if row.kind == RechargeCode.__tablename__:
        batch_id, _separator, number = row.name.partition("-")
        return serial(int(batch_id), int(number))
    name: str = row.name
    return name


def _named(model: Any, name: Any, page: Any = None, page_id: Any = None) -> Select[*tuple[Any, ...]]:
    """Return the select of a kind's things with their names, shown on the page of the `page_id`th of a kind `page`."""
    return select(
        literal(model.__tablename__, Text).label("kind"),
        model.id.label("id"),
        cast(name, Text).label("name"),
        cast(null() if page is None else page, Text).label("page"),
        cast(null() if page_id is None else page_id, BigInteger).label("page_id"),
    )


def _own_page(model: Any, name: Any) -> Select[*tuple[Any, ...]]:
    return _named(model, name, model.__tablename__, model.id)


def _of_course(model: Any, name: Any) -> Select[*tuple[Any, ...]]:
    return _named(model, name, Course.__tablename__, Course.id).select_from(model)


def _of_student(model: Any, what: Any) -> Select[*tuple[Any, ...]]:
    """Return the select of things that a student has, named by the student and by what they concern."""
    name = Student.name_ar.concat(" · ").concat(what)
    return _named(model, name, Student.__tablename__, Student.id).select_from(model)


_SINGLE_CODE = (
    select(RechargeCode.id)
    .where(RechargeCode.batch_id == RechargeBatch.id, RechargeCode.number == 1)
    .correlate(RechargeBatch)
    .scalar_subquery()
)
_ACCOUNT_OF = case(
    *((model.id.is_not(None), model.__tablename__) for model in (Student, Teacher, Assistant)), else_=None
)
#: How each kind is named; what is looked up is added to it.
_NAMES: dict[str, Select[*tuple[Any, ...]]] = {
    model.__tablename__: names
    for model, names in (
        *((model, _own_page(model, model.name)) for model in (Teacher, Assistant, Course)),
        (Student, _own_page(Student, Student.name_ar)),
        (
            RechargeBatch,
            # A code made alone has no batch to show, but itself.
            _named(
                RechargeBatch,
                RechargeBatch.id,
                case((RechargeBatch.is_single, RechargeCode.__tablename__), else_=RechargeBatch.__tablename__),
                case((RechargeBatch.is_single, _SINGLE_CODE), else_=RechargeBatch.id),
            ),
        ),
        (
            RechargeCode,
            _own_page(
                RechargeCode, cast(RechargeCode.batch_id, Text).concat("-").concat(cast(RechargeCode.number, Text))
            ),
        ),
        (
            User,
            _named(User, User.username, _ACCOUNT_OF, func.coalesce(Student.id, Teacher.id, Assistant.id))
            .outerjoin(Student, Student.user_id == User.id)
            .outerjoin(Teacher, Teacher.user_id == User.id)
            .outerjoin(Assistant, Assistant.user_id == User.id),
        ),
        *(
            (model, _named(model, model.name))
            for model in (Grade, SchoolType, Division, Subject, Governorate, Area, VideoSecurity)
        ),
        (Topic, _of_course(Topic, Topic.name).join(Topic.course)),
        (Lecture, _of_course(Lecture, Lecture.name).join(Course, Course.id == Lecture.course_id)),
        (Video, _of_course(Video, Video.name).join(Video.lecture).join(Course, Course.id == Lecture.course_id)),
        *(
            (model, _of_course(model, model.title).join(model.lecture).join(Course, Course.id == Lecture.course_id))
            for model in (StudyMaterial, Homework, Quiz)
        ),
        (Enrollment, _of_student(Enrollment, Course.name).join(Enrollment.student).join(Enrollment.course)),
        (Purchase, _of_student(Purchase, Lecture.name).join(Purchase.student).join(Purchase.lecture)),
        (
            Adjustment,
            _of_student(Adjustment, Course.name)
            .join(Student, Student.id == Adjustment.student_id)
            .join(Course, Course.id == Adjustment.course_id),
        ),
        (
            QuizSubmission,
            _of_student(QuizSubmission, Quiz.title).join(QuizSubmission.student).join(QuizSubmission.quiz),
        ),
    )
}
