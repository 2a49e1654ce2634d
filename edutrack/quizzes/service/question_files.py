"""CSV files of questions: what each row says, and what is wrong with it (rules.md, "Questions as CSV")."""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from marshmallow import ValidationError

from edutrack.core.arabic import fold, fold_digits
from edutrack.core.csv_files import typed_text
from edutrack.core.errors import Invalid
from edutrack.core.schemas import plain_messages
from edutrack.quizzes.schemas.bank import CHOICE_COLUMNS, CSV_COLUMNS, SEPARATOR, QuestionRowSchema
from edutrack.quizzes.service.content import Choice, Content, require_sound_choices

MOST_ROWS = 5000
MOST_BYTES = 5 * 1024 * 1024
#: Bad rows that are named; whoever mends them sends the file again.
_MOST_NAMED = 20
_NEEDED = ("type", "text")
_REQUIRED = "This field is required."
_row_schema = QuestionRowSchema()


@dataclass(frozen=True)
class Grades:
    """The grades that a teacher teaches, by id, and the one that is meant where a row names none."""

    teacher_name: str
    names: Mapping[int, str]
    default: int | None


class _BadRow(Exception):
    """What is wrong with a row, by column."""


def read_questions(content: BinaryIO, grades: Grades) -> list[tuple[int, list[str], Content]]:
    """Return the questions of a CSV file, as grade id, tags and content.

    Raises Invalid under `file` for what is no such file, for one that is too large or empty, and for bad rows: each is
    named by the number that a spreadsheet gives it, up to 20 of them.
    """
    questions: list[tuple[int, list[str], Content]] = []
    bad_rows: list[str] = []
    wanted = _grades_by_name(grades)
    for number, row in _rows(_text(content)):
        try:
            questions.append(_question(row, wanted, grades))
        except _BadRow as error:
            bad_rows.append(f"Row {number}: {error}")
        if len(bad_rows) == _MOST_NAMED:
            break
        if len(questions) > MOST_ROWS:
            raise _refused(f"Ensure this file has no more than {MOST_ROWS} questions.")
    if bad_rows:
        raise _refused(*bad_rows)
    if not questions:
        raise _refused("This file has no questions.")
    return questions


def _refused(*messages: str) -> Invalid:
    return Invalid({"file": list(messages)})


def _text(content: BinaryIO) -> str:
    data = content.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise _refused(f"Ensure this file has no more than {MOST_BYTES} bytes.")
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        raise _refused("Save the file as CSV in UTF-8.") from None


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows that hold anything, numbered as a spreadsheet does, their cells by the names of the columns."""
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    number = 0
    try:
        for number, cells in enumerate(rows, 1):
            filled = [cell.strip() for cell in cells]
            if number == 1:
                names = _columns(filled)
            elif any(filled[len(names) :]):
                raise _refused(f"Row {number}: There are more cells than columns.")
            elif any(filled):
                yield number, {name: typed_text(cell) for name, cell in zip(names, filled, strict=False) if cell}
    except csv.Error as error:
        raise _refused(f"Row {number + 1}: CSV parse error - {error}") from None


def _columns(cells: list[str]) -> list[str]:
    names = [cell.lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    wrong = [f'There is no column "{name}".' for name in names if name not in CSV_COLUMNS]
    wrong += [f'The column "{name}" is there twice.' for name in dict.fromkeys(names) if names.count(name) > 1]
    wrong += [f'The column "{name}" is missing.' for name in _NEEDED if name not in names]
    if wrong:
        raise _refused(f"Row 1: {' '.join(wrong)}")
    return names


def _grades_by_name(grades: Grades) -> dict[str, int]:
    return {str(grade): grade for grade in grades.names} | {fold(name): grade for grade, name in grades.names.items()}


def _question(row: Mapping[str, str], wanted: Mapping[str, int], grades: Grades) -> tuple[int, list[str], Content]:
    columns = [name for name in CHOICE_COLUMNS if name in row]
    problems: dict[str, str] = {}
    grade = wanted.get(fold(row["grade"])) if "grade" in row else grades.default
    if grade is None:
        not_taught = f"Teacher {grades.teacher_name} does not teach grade {row.get('grade')}."
        problems["grade"] = not_taught if "grade" in row else _REQUIRED
    correct = _correct(row.get("correct", ""), columns, problems)
    values: dict[str, Any] = {name: row[name] for name in ("type", "text", "points", "model_answer") if name in row}
    values["tags"] = [tag for tag in row.get("tags", "").split(SEPARATOR) if tag.strip()]
    values["choices"] = [row[name] for name in columns]
    is_correct = [name in correct for name in columns]
    try:
        loaded = _row_schema.load(values)
        require_sound_choices(loaded["type"], is_correct)
    except ValidationError as error:
        problems |= _by_column(error.messages, columns)
    except Invalid as error:
        problems.setdefault("correct", error.messages["choices"][0])
    if problems or grade is None:
        raise _BadRow("; ".join(f"{column}: {message}" for column, message in problems.items()))
    return grade, loaded["tags"], _content(loaded, is_correct)


def _correct(cell: str, columns: list[str], problems: dict[str, str]) -> set[str]:
    """Return the columns of the choices that a cell says are correct; what is wrong with it goes to `problems`."""
    correct = set()
    for number in (part.strip() for part in fold_digits(cell).split(SEPARATOR) if part.strip()):
        column = f"choice_{number}"
        if column not in columns:
            problems["correct"] = f'There is no choice "{number}".'
        correct.add(column)
    return correct


def _by_column(messages: Any, columns: list[str]) -> dict[str, str]:
    """Return the first message of each column, given what the schema says of the question that a row makes."""
    found: dict[str, str] = {columns[place]: of_choice[0] for place, of_choice in messages.get("choices", {}).items()}
    for field, of_field in plain_messages(messages).items():
        if field != "choices":
            found[field] = of_field[0]
    return found


def _content(values: Mapping[str, Any], is_correct: Sequence[bool]) -> Content:
    choices = zip(values["choices"], is_correct, strict=True)
    return Content(
        type=values["type"],
        text=values["text"],
        image=None,
        points=values.get("points", 1),
        model_answer=values.get("model_answer"),
        choices=tuple(Choice(text, None, correct, order) for order, (text, correct) in enumerate(choices, 1)),
    )
