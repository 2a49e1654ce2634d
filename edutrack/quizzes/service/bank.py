"""Keeping the question bank: adding, editing and deleting questions."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Row, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from edutrack.accounts.models import Teacher, teacher_grades
from edutrack.core import audit, clock
from edutrack.core.caller import Caller
from edutrack.core.database import violated_constraint
from edutrack.core.errors import Invalid, NotFound, Rejected, invalid_pk
from edutrack.core.extensions import db
from edutrack.core.files import remove_file
from edutrack.core.images import save_picture
from edutrack.quizzes.models import HomeworkQuestion, Question, QuestionChoice, QuestionVersion
from edutrack.quizzes.queries.bank import whole_question
from edutrack.quizzes.service.content import Choice, Content, add_versions, content_of, places, require_sound_choices
from edutrack.quizzes.service.pictures import pictured_choices, stored_pictures
from edutrack.structure.models import Grade

#: What holds on to a question, by the foreign key that keeps it.
_USES = {
    "fk_quiz_questions_question_id_questions": "quiz",
    "fk_quiz_answers_version_id_question_versions": "quiz",
    "fk_homework_questions_question_id_questions": "homework",
    "fk_homework_answers_version_id_question_versions": "homework",
    "fk_homework_answers_choice_id_question_choices": "homework",
}


def create_question(caller: Caller, values: Mapping[str, Any], parts: Mapping[str, Any]) -> Question:
    """Add a question to a teacher's bank (rules.md, "Question bank").

    `parts` are the files of the body by their names, for pictures of choices. Raises Invalid for a teacher that a site
    owner has not named or that is none, a grade that the teacher does not teach, choices that do not fit the type, and
    pictures that are none.
    """
    bank = bank_of(caller, values.get("teacher"))
    require_grade(bank, values["grade"])
    empty = Content(values["type"], values["text"], image=None, points=1, model_answer=None, choices=())
    content = _edited(empty, values, (), parts)
    (question_id,) = insert_questions(bank, [(values["grade"], values.get("tags", []), content)])
    question = whole_question(question_id)
    audit.record(caller, "question.created", question, teacher=bank.id, type=content.type)
    return question


def change_question(
    caller: Caller, question: Question, values: Mapping[str, Any], parts: Mapping[str, Any]
) -> Question:
    """Change a question; what it says is added as another version, where it differs (rules.md, "Question versions").

    `parts` are the files of the body by their names, for pictures of choices. Raises Invalid as `create_question` does,
    and where a site owner names another teacher or the type of a question in a homework is to change.
    """
    current = lock_question(question.id)
    if caller.is_site_owner and values.get("teacher", current.teacher_id) != current.teacher_id:
        raise Invalid({"teacher": ["Cannot change the teacher of an existing question."]})
    changed = [name for name in ("grade", "tags") if name in values and values[name] != _kept(current, name)]
    if "grade" in changed:
        require_grade(bank_of(caller, current.teacher_id), values["grade"])
        current.grade_id = values["grade"]
    if "tags" in changed:
        current.tags = values["tags"]
    changed += _add_edited_version(current, values, parts)
    audit.record(caller, "question.changed", current, changed=changed)
    db.session.flush()
    return whole_question(current.id)


def delete_question(caller: Caller, question: Question) -> None:
    """Delete a question with all its versions; their pictures go once that is certain (rules.md, "Question bank").

    Raises Rejected where it stands in a quiz or homework, or has ever been answered there.
    """
    lock_question(question.id)
    audit.record(caller, "question.deleted", question, teacher=question.teacher_id)
    versions = select(QuestionVersion.id).where(QuestionVersion.question_id == question.id)
    pictures = db.session.scalars(
        select(QuestionVersion.image)
        .where(QuestionVersion.question_id == question.id)
        .union(select(QuestionChoice.image).where(QuestionChoice.version_id.in_(versions)))
    )
    for name in pictures.all():
        remove_file(name)
    try:
        with db.session.begin_nested():
            db.session.execute(
                delete(Question).where(Question.id == question.id), execution_options={"synchronize_session": False}
            )
    except IntegrityError as violation:
        constraint = violated_constraint(violation)
        if constraint not in _USES:
            raise
        raise Rejected(f"Cannot delete a question that is used in a {_USES[constraint]}.") from violation


def lock_question(question_id: int) -> Question:
    """Return a question with its current version, held until the transaction ends; raises NotFound once it is gone.

    Whoever else edits or deletes it, or puts it into a quiz or homework, waits.
    """
    if db.session.scalar(select(Question.id).where(Question.id == question_id).with_for_update()) is None:
        raise NotFound()
    return whole_question(question_id)


def bank_of(caller: Caller, teacher_id: int | None) -> Row[*tuple[Any, ...]]:
    """Return `id`, `name` and `subject_id` of the teacher whose bank the caller adds to.

    That is a teacher's own, whatever is asked for; raises Invalid where a site owner names none, or none that exists.
    """
    wanted = teacher_id if caller.is_site_owner else caller.teacher_id
    if wanted is None:
        raise Invalid({"teacher": ["This field is required."]})
    bank = db.session.execute(
        select(Teacher.id, Teacher.name, Teacher.subject_id).where(Teacher.id == wanted)
    ).one_or_none()
    if bank is None:
        raise invalid_pk("teacher", wanted)
    return bank


def require_grade(bank: Row[*tuple[Any, ...]], grade_id: int) -> None:
    """Raise Invalid under `grade` where there is no such grade, or the bank's teacher does not teach it."""
    pair = teacher_grades.c
    teaches = exists().where(pair.teacher_id == bank.id, pair.grade_id == Grade.id)
    grade = db.session.execute(select(Grade.name, teaches.label("is_taught")).where(Grade.id == grade_id)).one_or_none()
    if grade is None:
        raise invalid_pk("grade", grade_id)
    if not grade.is_taught:
        raise Invalid({"grade": [f"Teacher {bank.name} does not teach grade {grade.name}."]})


def insert_questions(bank: Row[*tuple[Any, ...]], questions: Sequence[tuple[int, list[str], Content]]) -> Sequence[int]:
    """Write new questions, given as grade id, tags and content, and return their ids; a fixed number of statements."""
    now = clock.now()
    rows = [
        {"teacher_id": bank.id, "subject_id": bank.subject_id, "grade_id": grade, "tags": tags, "created_at": now}
        for grade, tags, _ in questions
    ]
    ids = db.session.scalars(insert(Question).returning(Question.id, sort_by_parameter_order=True), rows).all()
    contents = (content for _, _, content in questions)
    add_versions((question_id, 1, content) for question_id, content in zip(ids, contents, strict=True))
    return ids


def _kept(question: Question, name: str) -> Any:
    return question.grade_id if name == "grade" else question.tags


def _add_edited_version(question: Question, values: Mapping[str, Any], parts: Mapping[str, Any]) -> list[str]:
    """Add what `values` make of a locked question's current version as the next one; return the names of what differs.

    Nothing is added where nothing does.
    """
    version = question.version
    before = content_of(version)
    if values.get("type", before.type) != before.type:
        _require_outside_homework(question)
    after = _edited(before, values, version.choices, parts)
    differing = [field.name for field in fields(Content) if getattr(after, field.name) != getattr(before, field.name)]
    if differing:
        db.session.execute(update(QuestionVersion).where(QuestionVersion.id == version.id).values(is_current=False))
        add_versions([(question.id, version.number + 1, after)])
    return differing


def _edited(
    before: Content, values: Mapping[str, Any], present: Sequence[QuestionChoice], parts: Mapping[str, Any]
) -> Content:
    """Return `before` with `values` in it, their pictures stored once everything else is known to be in order."""
    edits = {name: values[name] for name in ("type", "text", "points", "model_answer") if name in values}
    choices = values.get("choices")
    if choices is None:
        require_sound_choices(replace(before, **edits).type, [choice.is_correct for choice in before.choices])
    else:
        pictures = pictured_choices(choices, present, parts)
        require_sound_choices(replace(before, **edits).type, [choice["is_correct"] for choice in choices])
        edits["choices"] = _choices(choices, stored_pictures(pictures))
    if "image" in values:
        upload = values["image"]
        edits["image"] = None if upload is None else save_picture(upload.stream, "image")
    return replace(before, **edits)


def _choices(choices: Sequence[Mapping[str, Any]], pictures: Sequence[str | None]) -> tuple[Choice, ...]:
    orders = places([choice.get("order") for choice in choices])
    found = (
        Choice(choice["text"], picture, choice["is_correct"], order)
        for choice, picture, order in zip(choices, pictures, orders, strict=True)
    )
    return tuple(sorted(found, key=lambda choice: choice.order))


def _require_outside_homework(question: Question) -> None:
    if db.session.scalar(select(exists().where(HomeworkQuestion.question_id == question.id))):
        raise Invalid({"type": ["Cannot change the type of a question that is used in a homework."]})
