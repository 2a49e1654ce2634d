"""Ids that exist and are the caller's to use, so that generated requests get past the first question."""

import re
from random import Random
from typing import Any

from fuzz.school import Person, School

_OWN = """(CAST(:teacher AS bigint) IS NULL OR courses.teacher_id = :teacher)
    AND (CAST(:student AS bigint) IS NULL OR EXISTS (
        SELECT FROM enrollments e
        WHERE e.course_id = courses.id AND e.student_id = :student AND e.status = 'approved'))"""
_BOUGHT = """(CAST(:student AS bigint) IS NULL OR EXISTS (
    SELECT FROM purchases p
    WHERE p.lecture_id = lectures.id AND p.student_id = :student AND p.effective_expiry > now()))"""
_LECTURES = f"JOIN lectures ON lectures.id = x.lecture_id JOIN courses ON courses.id = lectures.course_id WHERE {_OWN}"
_OF_TEACHER = "(CAST(:teacher AS bigint) IS NULL OR teacher_id = :teacher)"
_OF_STUDENT = "(CAST(:student AS bigint) IS NULL OR x.student_id = :student)"
_OF_BOUGHT = f"{_LECTURES} AND {_BOUGHT}"

#: What a name stands for; the newest come first, because requests add to them.
_QUERIES = {
    "course": f"SELECT id FROM courses WHERE {_OWN}",
    "topic": f"SELECT x.id FROM topics x JOIN courses ON courses.id = x.course_id WHERE {_OWN}",
    "lecture": f"SELECT lectures.id FROM lectures JOIN courses ON courses.id = course_id WHERE {_OWN} AND {_BOUGHT}",
    "video": f"SELECT x.id FROM videos x {_OF_BOUGHT}",
    "material": f"SELECT x.id FROM study_materials x {_OF_BOUGHT}",
    "homework": f"SELECT x.id FROM homeworks x {_OF_BOUGHT}",
    "quiz": f"SELECT x.id FROM quizzes x {_OF_BOUGHT}",
    "question": f"SELECT id FROM questions WHERE {_OF_TEACHER}",
    "submission": "SELECT x.id FROM quiz_submissions x JOIN quizzes q ON q.id = quiz_id "
    "JOIN lectures ON lectures.id = q.lecture_id JOIN courses ON courses.id = lectures.course_id "
    f"WHERE {_OWN} AND {_OF_STUDENT} AND x.status <> 'in_progress'",
    "purchase": f"SELECT x.id FROM purchases x JOIN courses ON courses.id = course_id WHERE {_OWN} AND {_OF_STUDENT}",
    "enrollment": "SELECT x.id FROM enrollments x JOIN courses ON courses.id = course_id "
    f"WHERE (CAST(:teacher AS bigint) IS NULL OR courses.teacher_id = :teacher) AND {_OF_STUDENT}",
    "notification": "SELECT id FROM notifications WHERE user_id = :user",
    "assistant": f"SELECT id FROM assistants WHERE {_OF_TEACHER}",
    "user": f"SELECT user_id AS id FROM assistants WHERE {_OF_TEACHER}",
    "batch": "SELECT id FROM recharge_batches",
    "code": "SELECT id FROM recharge_codes WHERE used_by_id IS NULL AND voided_at IS NULL",
    "student": "SELECT id FROM students",
    "teacher": "SELECT id FROM teachers",
    "subject": "SELECT id FROM subjects",
    "grade": "SELECT id FROM grades",
    "school_type": "SELECT id FROM school_types",
    "division": "SELECT id FROM divisions",
    "governorate": "SELECT id FROM governorates",
    "area": "SELECT id FROM areas",
    "video_security": "SELECT id FROM video_securities",
}
#: What fields are called that do not say what they name.
_ALIASES = {"ids": "enrollment", "choice_ids": None, "course_id": "course"}
_PLURALS = {"quizzes": "quiz", "divisions": "division"}
_MOST = 40


class Supplies:
    """The ids that one caller may use, read anew after each change of the school."""

    def __init__(self, school: School, person: Person | None, random: Random) -> None:
        self._school = school
        self._named = {
            "user": person and person.user_id,
            "teacher": person and person.teacher_id,
            "student": person and person.student_id,
        }
        self._random = random
        self._found: dict[str, list[int]] = {}

    def forget(self) -> None:
        """Read everything anew from now on."""
        self._found.clear()

    def ids(self, kind: str) -> list[int]:
        """Return the newest ids of a kind."""
        if kind not in self._found:
            query = f"{_QUERIES[kind]} ORDER BY 1 DESC LIMIT {_MOST}"
            named = {name: value for name, value in self._named.items() if f":{name}" in query}
            self._found[kind] = [row.id for row in self._school.rows(query, **named)]
        return self._found[kind]

    def one(self, kind: str) -> int:
        """Return an id of a kind; a number that is none where there is nothing of that kind."""
        ids = self.ids(kind)
        return self._random.choice(ids) if ids else 1

    def kind_of(self, name: str, path: str) -> str | None:
        """Return what the field or parameter `name` of a route names; None where it names nothing."""
        if name == "item_id":
            segment = path.split("/")[3].replace("-", "_")
            name = {"video_security": "video_security"}.get(segment, segment)
        kind = _ALIASES.get(name, re.sub("_ids?$", "", name))
        if kind in _QUERIES or kind is None:
            return kind
        kind = _PLURALS.get(kind, kind.removesuffix("s"))
        return kind if kind in _QUERIES else None

    def filled(self, value: Any, path: str, name: str = "") -> Any:
        """Return a generated value with ids that exist in the places of most of its ids."""
        if isinstance(value, dict):
            return {key: self.filled(item, path, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item, path, name) for item in value[:20]]
        if isinstance(value, int) and not isinstance(value, bool) and self._random.random() < 0.9:
            kind = self.kind_of(name, path)
            return self.one(kind) if kind else value
        return value
