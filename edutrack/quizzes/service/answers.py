"""What a student's body of answers says of the questions of their attempt."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from edutrack.core.errors import Invalid, no_such_pk
from edutrack.quizzes.service.finishing import Given


def read_answers(body: Sequence[Mapping[str, Any]], questions: Sequence[Row[*tuple[Any, ...]]]) -> dict[int, Given]:
    """Return what `body` answers to the `questions` of an attempt, by the ids of their answers.

    A question that is named without its kind of answer is left out, as if it had not been named. Raises Invalid, nested
    as the body is, for questions that are not the attempt's or come twice, for choices that are not the question's, for
    two where one is asked for, and for an answer of the wrong kind (rules.md, "Answers").
    """
    by_id = {question.quiz_question_id: question for question in questions}
    given: dict[int, Given] = {}
    refused: dict[int, dict[str, list[str]]] = {}
    named: set[int] = set()
    for index, item in enumerate(body):
        question_id = item["quiz_question_id"]
        question = by_id.get(question_id)
        if question is None:
            refused[index] = {"quiz_question_id": [no_such_pk(question_id)]}
        elif question_id in named:
            refused[index] = {"quiz_question_id": ["This question is answered more than once."]}
        elif messages := _faults(item, question):
            refused[index] = messages
        else:
            given |= _given(item, question)
        named.add(question_id)
    if refused:
        raise Invalid({"answers": [refused.get(index, {}) for index in range(max(refused) + 1)]})
    return given


def _faults(item: Mapping[str, Any], question: Row[*tuple[Any, ...]]) -> dict[str, list[str]]:
    chosen = item.get("choice_ids") or []
    if question.type == "written":
        return {"choice_ids": ["This question is answered in writing."]} if chosen else {}
    if item.get("written_answer"):
        return {"written_answer": ["This question is answered by choosing."]}
    if foreign := [choice for choice in chosen if choice not in question.choice_order]:
        return {"choice_ids": [no_such_pk(choice) for choice in dict.fromkeys(foreign)]}
    if question.type == "mcq_single" and len(set(chosen)) > 1:
        return {"choice_ids": ["Only one choice can be selected."]}
    return {}


def _given(item: Mapping[str, Any], question: Row[*tuple[Any, ...]]) -> dict[int, Given]:
    if question.type == "written":
        return {question.id: Given([], item["written_answer"] or None)} if "written_answer" in item else {}
    if "choice_ids" not in item:
        return {}
    return {question.id: Given(list(dict.fromkeys(item["choice_ids"] or [])), None)}
