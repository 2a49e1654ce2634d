"""Every documented body against a real answer: exactly its keys, each value of its kind, full and with its nulls.

The kinds below are how a body is written down in the frontends' documents. Each row of the table names the request that
answers it in a school where everything is filled in, and in one where whatever may be missing is.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.courses.models import Reopening
from edutrack.notifications.models import Notification
from tests.api import Api
from tests.factories import (
    PASSWORD,
    any_division,
    create_assistant,
    create_attempt,
    create_code,
    create_course,
    create_enrollment,
    create_homework,
    create_lecture,
    create_material,
    create_notification,
    create_purchase,
    create_question,
    create_quiz,
    create_site_owner,
    create_student,
    create_subject,
    create_teacher,
    create_topic,
    create_video,
    create_video_security,
    give_balance,
    registration_form,
)


def integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def string(value):
    return isinstance(value, str) and value != ""


def boolean(value):
    return isinstance(value, bool)


def decimal(value):
    return isinstance(value, str) and re.fullmatch(r"-?\d+\.\d{2}", value) is not None


def moment(value):
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", value) is not None


def day(value):
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None


def url(value):
    return isinstance(value, str) and value.startswith("http://")


def text(value):
    """A string that may be empty."""
    return isinstance(value, str)


def anything(value):
    return isinstance(value, dict)


@dataclass(frozen=True)
class Nullable:
    kind: object


def word(*words):
    return lambda value: value in words


def page(item):
    return {"count": integer, "next": Nullable(url), "previous": Nullable(url), "results": [item]}


def faults(value, kind, path="$"):
    """Return where `value` is not what `kind` says; an empty list says nothing of its items, so it is a fault."""
    if isinstance(kind, Nullable):
        return [] if value is None else faults(value, kind.kind, path)
    if isinstance(kind, dict):
        if not isinstance(value, dict) or set(value) != set(kind):
            return [f"{path}: {sorted(set(value) ^ set(kind)) if isinstance(value, dict) else value}"]
        return [fault for key in kind for fault in faults(value[key], kind[key], f"{path}.{key}")]
    if isinstance(kind, list):
        if not isinstance(value, list) or not value:
            return [f"{path}: {value!r} is no filled list"]
        return [fault for number, item in enumerate(value) for fault in faults(item, kind[0], f"{path}[{number}]")]
    return [] if kind(value) else [f"{path}: {value!r}"]


def nullables(value, kind, name=""):
    """Yield the name of each documented nullable place of a body with whether it is null there."""
    if isinstance(kind, Nullable):
        yield name, value is None
        if value is not None:
            yield from nullables(value, kind.kind, name)
    elif isinstance(kind, dict):
        for key in kind:
            yield from nullables(value[key], kind[key], key)
    elif isinstance(kind, list):
        for item in value:
            yield from nullables(item, kind[0], name)


NAMED = {"id": integer, "name": string}
STATUS = word("verified", "pending", "declined", "suspended_temporary", "suspended_permanent")
GENDER = word("male", "female")
VISIBILITY = word("immediately", "after_close", "never")
LISTED_STUDENT = {
    "id": integer,
    "user_id": integer,
    "username": string,
    "student_code": string,
    "name_ar": string,
    "name_en": string,
    "phone_number": string,
    "father_number": Nullable(string),
    "mother_number": Nullable(string),
    "father_job": string,
    "educational_state": word("school"),
    "school_type": Nullable(integer),
    "grade": Nullable(integer),
    "division": Nullable(integer),
    "school_name": Nullable(string),
    "national_id": string,
    "birth_date": day,
    "gender": GENDER,
    "gmail": string,
    "facebook_link": Nullable(string),
    "governorate": integer,
    "area": integer,
    "status": STATUS,
    "is_active": boolean,
    "created_at": moment,
    "updated_at": moment,
}
PROFILE = LISTED_STUDENT | {
    "email": string,
    "full_name": string,
    "school_type_name": Nullable(string),
    "grade_name": Nullable(string),
    "division_name": Nullable(string),
    "governorate_name": Nullable(string),
    "area_name": Nullable(string),
    "can_access_course": boolean,
}
COURSE_SUMMARY = {
    "id": integer,
    "name": string,
    "teacher": integer,
    "teacher_name": string,
    "grade": integer,
    "grade_name": string,
    "subject": integer,
    "subject_name": string,
    "description": Nullable(string),
    "cover_picture": Nullable(url),
    "is_active": boolean,
    "topic_count": integer,
    "created_at": moment,
}
PRICED = {
    "id": integer,
    "name": string,
    "description": Nullable(string),
    "price": decimal,
    "final_price": decimal,
    "discount": decimal,
    "available_days": integer,
    "order": integer,
    "video_count": integer,
}
PREVIEW = {
    "id": integer,
    "name": string,
    "description": Nullable(string),
    "cover_picture": Nullable(url),
    "teacher": NAMED | {"profile_picture": Nullable(url)},
    "grade": NAMED,
    "subject": NAMED,
    "topic_count": integer,
    "total_lectures": integer,
    "topics": [
        NAMED | {"description": Nullable(string), "order": integer, "lecture_count": integer, "lectures": [PRICED]}
    ],
    "created_at": moment,
}
ENROLLMENT = {
    "id": integer,
    "student": integer,
    "student_name": string,
    "student_code": string,
    "course": integer,
    "course_name": string,
    "grade_name": string,
    "teacher_name": string,
    "status": word("pending", "approved", "rejected"),
    "status_display": word("Pending", "Approved", "Rejected"),
    "enrolled_at": moment,
    "approved_by": Nullable(integer),
    "approved_by_name": Nullable(string),
    "responded_at": Nullable(moment),
    "response_note": Nullable(string),
}
ENROLLED = NAMED | {
    "teacher": NAMED,
    "grade": NAMED,
    "subject": NAMED,
    "description": Nullable(string),
    "cover_picture": Nullable(url),
    "enrolled_at": moment,
    "status": word("approved"),
}
BOUGHT = {
    "id": integer,
    "purchased_at": moment,
    "expires_at": moment,
    "effective_expiry": moment,
    "is_expired": boolean,
    "extra_days": integer,
    "amount_paid": decimal,
}
COURSE_LECTURES = {
    "course": NAMED,
    "topics": [NAMED | {"order": integer, "lectures": [PRICED | {"is_purchased": word(True), "purchase": BOUGHT}]}],
}
PURCHASE = BOUGHT | {
    "student": integer,
    "lecture": integer,
    "lecture_name": string,
    "topic_name": string,
    "course_name": string,
    "teacher_name": string,
    "reopened_by": Nullable(integer),
    "reopened_by_name": Nullable(string),
    "reopened_at": Nullable(moment),
    "reopen_logs": [
        {"extra_days": integer, "reopened_by": Nullable(string), "reopened_at": moment, "note": text},
    ],
}
UPDATED_PROGRESS = {
    "id": integer,
    "student": integer,
    "video": integer,
    "progress_seconds": integer,
    "duration_seconds": Nullable(integer),
    "progress_percentage": decimal,
    "is_completed": boolean,
    "watch_count": integer,
    "last_watched_at": moment,
    "platform_data": Nullable(anything),
}
PROGRESS = UPDATED_PROGRESS | {
    "student_name": string,
    "student_code": string,
    "video_name": string,
    "lecture_name": string,
    "course_name": string,
}
BALANCE = {
    "id": integer,
    "student": integer,
    "student_name": string,
    "student_code": string,
    "course": integer,
    "course_name": string,
    "teacher_name": string,
    "balance": decimal,
    "updated_at": moment,
}
MATERIAL = {
    "id": integer,
    "lecture": integer,
    "lecture_name": string,
    "title": string,
    "file_url": url,
    "is_active": boolean,
    "created_at": moment,
}
WATCHED = NAMED | {
    "effective_expiry": moment,
    "videos": [
        NAMED
        | {
            "order": integer,
            "duration_seconds": Nullable(integer),
            "platform": word("youtube", "vimeo", "bunny", "vdocipher", "file"),
            "playback_url": url,
            "expires_at": moment,
            "progress_seconds": integer,
            "is_completed": boolean,
        }
    ],
    "materials": [MATERIAL],
}
REDEEMED = {"detail": word("Code redeemed successfully."), "new_balance": decimal, "transaction_id": integer}
ENTRY = {
    "id": integer,
    "course": integer,
    "course_name": string,
    "type": word("recharge_code", "purchase", "adjustment"),
    "amount": decimal,
    "balance_after": decimal,
    "reference": Nullable(string),
    "note": Nullable(string),
    "created_at": moment,
}
HANDED_IN_HOMEWORK = {
    "detail": word("Homework submitted and auto-graded."),
    "submission_id": integer,
    "score": decimal,
    "status": word("graded"),
}
HOMEWORK_SUBMISSION = {
    "id": integer,
    "homework_id": integer,
    "homework_title": string,
    "lecture_name": string,
    "score": decimal,
    "status": word("graded"),
    "submitted_at": moment,
}
READ_CHOICE = {"id": integer, "text": string, "image": Nullable(url), "order": integer}
READ_QUESTION = {
    "id": integer,
    "teacher": integer,
    "subject": integer,
    "grade": integer,
    "text": string,
    "image": Nullable(url),
    "type": word("mcq_single"),
    "points": integer,
    "tags": [string],
    "choices": [READ_CHOICE],
    "created_at": moment,
}
KEYED_QUESTION = READ_QUESTION | {
    "model_answer": Nullable(string),
    "choices": [READ_CHOICE | {"is_correct": boolean}],
}
READ_HOMEWORK = {
    "id": integer,
    "lecture": integer,
    "title": string,
    "description": Nullable(string),
    "is_active": boolean,
    "questions": [{"id": integer, "question": READ_QUESTION, "points": integer, "order": integer}],
}
HOMEWORK = READ_HOMEWORK | {
    "questions": [{"id": integer, "question": KEYED_QUESTION, "points": integer, "order": integer}],
}
READ_QUIZ = {
    "id": integer,
    "lecture": integer,
    "title": string,
    "description": Nullable(string),
    "timer_minutes": integer,
    "max_attempts": integer,
    "passing_score": integer,
    "randomize_questions": boolean,
    "randomize_choices": boolean,
    "score_visibility": VISIBILITY,
    "answers_visibility": VISIBILITY,
    "opens_at": Nullable(moment),
    "closes_at": Nullable(moment),
    "is_active": boolean,
    "questions": word([]),
}
QUIZ = READ_QUIZ | {"questions": HOMEWORK["questions"]}
STARTED_ATTEMPT = {
    "submission_id": integer,
    "attempt_number": integer,
    "timer_minutes": integer,
    "started_at": moment,
    "questions": [
        {
            "answer_id": integer,
            "quiz_question_id": integer,
            "question_text": string,
            "question_image": Nullable(url),
            "question_type": word("mcq_single", "mcq_multiple"),
            "points": integer,
            "choices": [{"id": integer, "text": string, "image": Nullable(url), "order": integer}],
        }
    ],
}
RUNNING_ATTEMPT = {
    "submission_id": integer,
    "attempt_number": integer,
    "started_at": moment,
    "deadline_at": moment,
    "remaining_seconds": integer,
    "answers": [
        {
            "quiz_question_id": integer,
            "choice_ids": lambda value: all(integer(item) for item in value),
            "written_answer": Nullable(string),
        }
    ],
}
SUBMITTED_ATTEMPT = {
    "detail": word("Quiz submitted successfully."),
    "submission_id": integer,
    "score": Nullable(decimal),
    "passed": Nullable(boolean),
    "score_visible": boolean,
    "answers_visible": boolean,
}
QUIZ_SUBMISSION = {
    "id": integer,
    "quiz_id": integer,
    "quiz_title": string,
    "lecture_name": string,
    "attempt_number": integer,
    "score": Nullable(decimal),
    "passed": Nullable(boolean),
    "submitted_at": moment,
    "score_visible": boolean,
    "answers_visible": boolean,
}
QUIZ_SUBMISSION_DETAIL = QUIZ_SUBMISSION | {
    "quiz": integer,
    "status": word("submitted", "graded"),
    "started_at": moment,
    "max_score": decimal,
    "answers": [
        {
            "answer_id": integer,
            "quiz_question_id": integer,
            "question_text": string,
            "question_type": word("mcq_single", "mcq_multiple", "written"),
            "points": integer,
            "choice_ids": lambda value: all(integer(item) for item in value),
            "written_answer": Nullable(string),
            "points_awarded": Nullable(decimal),
            "feedback": Nullable(string),
            "correct_choice_ids": lambda value: all(integer(item) for item in value),
        }
    ],
}
CHOICE_COUNT = {"id": integer, "text": string, "is_correct": boolean, "count": integer}
QUIZ_ANALYSIS = {
    "quiz_id": integer,
    "quiz_title": string,
    "attempts": integer,
    "students": integer,
    "mean_score": Nullable(decimal),
    "median_score": Nullable(decimal),
    "pass_rate": Nullable(decimal),
    "questions": [
        {
            "quiz_question_id": integer,
            "question_text": string,
            "points": integer,
            "answered": integer,
            "difficulty": Nullable(number),
            "discrimination": Nullable(number),
            "choices": lambda value: all(faults(item, CHOICE_COUNT) == [] for item in value),
        }
    ],
}
NOTIFICATION = {
    "id": integer,
    "notification_type": string,
    "notification_type_display": string,
    "title": string,
    "message": string,
    "is_read": boolean,
    "metadata": Nullable(anything),
    "created_at": moment,
}
SUBJECT = NAMED | {
    "grades": [integer],
    "grades_detail": [NAMED],
    "divisions": [integer],
    "divisions_detail": [NAMED | {"grades": [NAMED], "school_types": [NAMED]}],
    "school_types": [integer],
    "school_types_detail": [NAMED],
    "grade_ids": [integer],
    "division_ids": [integer],
    "school_type_ids": [integer],
}
TEACHER = {
    "id": integer,
    "user_id": integer,
    "username": string,
    "name": string,
    "phone": string,
    "secondary_phone": Nullable(string),
    "gmail": string,
    "gender": GENDER,
    "profile_picture": Nullable(url),
    "biography": Nullable(string),
    "facebook": Nullable(string),
    "subject_detail": SUBJECT,
    "grades_detail": [NAMED],
    "video_security_detail": Nullable(NAMED | {"price_per_student": decimal}),
    "is_active": boolean,
    "created_at": moment,
    "subject_id": integer,
    "grade_ids": [integer],
    "video_security_id": Nullable(integer),
}
ASSISTANT = {
    "id": integer,
    "user_id": integer,
    "username": string,
    "name": string,
    "phone": string,
    "gmail": string,
    "gender": GENDER,
    "is_active": boolean,
    "created_at": moment,
    "teacher": integer,
    "teacher_name": string,
}
COURSE = COURSE_SUMMARY | {
    "teacher_id": integer,
    "topics": [anything],
    "total_lectures": integer,
    "total_videos": integer,
    "updated_at": moment,
}
CODE = {
    "id": integer,
    "course": integer,
    "course_name": string,
    "teacher_name": string,
    "code": lambda value: re.fullmatch(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){3}", value) is not None,
    "value": decimal,
    "is_used": boolean,
    "used_by": Nullable(integer),
    "used_by_name": Nullable(string),
    "used_at": Nullable(moment),
    "created_at": moment,
    "expires_at": Nullable(moment),
    "created_by": integer,
    "created_by_username": string,
}


def number(value):
    return isinstance(value, float)


DASHBOARD = {
    "total_students": integer,
    "total_teachers": integer,
    "total_assistants": integer,
    "new_users_this_month": integer,
    "new_students_this_month": integer,
    "new_teachers_this_month": integer,
    "students_by_status": {
        "verified": integer,
        "pending": integer,
        "declined": integer,
        "suspended_temporary": integer,
        "suspended_permanent": integer,
    },
    "students_by_grade_school_division": [
        {"grade": string, "school_type": string, "division": string, "count": integer}
    ],
    "teachers_active_count": integer,
    "teachers_inactive_count": integer,
    "teachers_by_grade_subject": [{"grade": string, "subject": string, "count": integer}],
    "total_subjects": integer,
    "total_grades": integer,
    "total_school_types": integer,
    "total_divisions": integer,
    "total_governorates": integer,
    "total_areas": integer,
    "total_video_security_options": integer,
}
REVENUE = {
    "summary": {
        "total_revenue": decimal,
        "total_purchases": integer,
        "total_students": integer,
        "total_courses": integer,
    },
    "courses": [
        NAMED | {"is_active": boolean, "enrolled_count": integer, "purchase_count": integer, "revenue": decimal}
    ],
}
COURSE_REVENUE = {
    "course_id": integer,
    "course_name": string,
    "total_revenue": decimal,
    "total_purchases": integer,
    "topics": [
        {
            "topic_id": integer,
            "topic_name": string,
            "lecture_count": integer,
            "purchase_count": integer,
            "revenue": decimal,
        }
    ],
    "lectures": [
        {
            "lecture_id": integer,
            "lecture_name": string,
            "topic_id": integer,
            "topic_name": string,
            "price": decimal,
            "final_price": decimal,
            "purchase_count": integer,
            "revenue": decimal,
        }
    ],
    "student_spending": [
        {
            "student_id": integer,
            "student_name": string,
            "student_code": string,
            "total_spent": decimal,
            "lectures_purchased": integer,
        }
    ],
}
LECTURE_REVENUE = {
    "lecture_id": integer,
    "lecture_name": string,
    "course_name": string,
    "price": decimal,
    "final_price": decimal,
    "total_revenue": decimal,
    "buyer_count": integer,
    "purchase_count": integer,
    "average_days_to_purchase": number,
    "purchase_timeline": [
        {"student_name": string, "student_code": string, "amount_paid": decimal, "purchased_at": moment}
    ],
}
STUDENT_REVENUE = {
    "student_id": integer,
    "student_name": string,
    "student_code": string,
    "courses_enrolled": integer,
    "total_spent": decimal,
    "lectures_purchased": integer,
    "last_purchase_at": Nullable(moment),
}
TREND = {
    "start_date": day,
    "end_date": day,
    "total_revenue": decimal,
    "total_purchases": integer,
    "daily_trends": [{"date": day, "revenue": decimal, "purchase_count": integer}],
}

#: Who asks, with what, and the documented body of the answer. `{…}` are ids of the school's things.
BODIES = {
    "profile": ("student", "GET", "accounts/profile/me/", None, PROFILE),
    "profile change": ("student", "PATCH", "accounts/profile/me/", {}, PROFILE),
    "courses of a subject": ("student", "GET", "courses/by_subject/{subject}/", None, page(COURSE_SUMMARY)),
    "preview": ("student", "GET", "courses/{course}/preview/", None, PREVIEW),
    "own enrolments": ("student", "GET", "enrollments/mine/", None, [ENROLLMENT]),
    "enrolments": ("owner", "GET", "enrollments/", None, page(ENROLLMENT)),
    "enrolled courses": ("student", "GET", "courses/enrolled/", None, page(ENROLLED)),
    "lectures of a course": ("student", "GET", "courses/{course}/lectures/", None, COURSE_LECTURES),
    "own purchases": ("student", "GET", "purchases/mine/", None, [PURCHASE]),
    "purchases": ("owner", "GET", "purchases/", None, page(PURCHASE)),
    "progress": ("student", "GET", "progress/", None, page(PROGRESS)),
    "progress of a video": ("student", "GET", "progress/{video}/", None, PROGRESS),
    "heartbeat": ("student", "POST", "progress/", {"video": "{video}", "progress_seconds": 1}, UPDATED_PROGRESS),
    "balances": ("student", "GET", "wallet/balances/", None, [BALANCE]),
    "materials": ("student", "GET", "materials/mine/", None, [MATERIAL]),
    "notifications": ("student", "GET", "notifications/", None, page(NOTIFICATION)),
    "unread notifications": ("student", "GET", "notifications/unread_count/", None, {"count": integer}),
    "notifications read": ("student", "POST", "notifications/mark_all_read/", None, {"message": string}),
    "teachers": ("owner", "GET", "accounts/teachers/", None, page(TEACHER)),
    "teacher": ("owner", "GET", "accounts/teachers/{teacher}/", None, TEACHER),
    "teacher change": ("owner", "PATCH", "accounts/teachers/{teacher}/", {}, TEACHER),
    "students": ("owner", "GET", "accounts/students/", None, page(LISTED_STUDENT)),
    "student": ("owner", "GET", "accounts/students/{student}/", None, LISTED_STUDENT),
    "student status": (
        "owner",
        "PATCH",
        "accounts/students/{student}/status/",
        {"status": "verified"},
        {"status": STATUS, "is_active": boolean},
    ),
    "courses": ("owner", "GET", "courses/", None, page(COURSE)),
    "course": ("owner", "GET", "courses/{course}/", None, COURSE),
    "course change": ("owner", "PATCH", "courses/{course}/", {}, COURSE),
    "assistants": ("owner", "GET", "accounts/assistants/", None, page(ASSISTANT)),
    "codes": ("owner", "GET", "wallet/recharge-codes/", None, page(CODE)),
    "code": ("owner", "GET", "wallet/recharge-codes/{code}/", None, CODE),
    "new code": ("owner", "POST", "wallet/recharge-codes/", {"course": "{course}", "value": "5.00"}, CODE),
    "dashboard": ("owner", "GET", "owner/dashboard/", None, DASHBOARD),
    "revenue": ("owner", "GET", "owner/revenue/", None, REVENUE),
    "revenue of a course": ("owner", "GET", "owner/revenue/courses/{course}/", None, COURSE_REVENUE),
    "revenue of a lecture": ("owner", "GET", "owner/revenue/lectures/{lecture}/", None, LECTURE_REVENUE),
    "revenue by student": ("owner", "GET", "owner/revenue/students/", None, [STUDENT_REVENUE]),
    "revenue by day": ("owner", "GET", "owner/revenue/trends/", None, TREND),
    "watching": ("student", "GET", "lectures/{lecture}/watch/", None, WATCHED),
    "homework": ("student", "GET", "homeworks/", None, page(READ_HOMEWORK)),
    "one homework": ("student", "GET", "homeworks/{homework}/", None, READ_HOMEWORK),
    "homework with its key": ("owner", "GET", "homeworks/{homework}/", None, HOMEWORK),
    "homework change": ("owner", "PATCH", "homeworks/{homework}/", {}, HOMEWORK),
    "homework handed in": (
        "student",
        "POST",
        "homeworks/{homework}/submit/",
        {"answers": "{nothing}"},
        HANDED_IN_HOMEWORK,
    ),
    "own homework": ("student", "GET", "homeworks/submissions/", None, [HOMEWORK_SUBMISSION]),
    "homework of students": (
        "owner",
        "GET",
        "homeworks/{homework}/submissions/",
        None,
        page(HOMEWORK_SUBMISSION | {"student": integer, "student_name": string, "student_code": string}),
    ),
    "quizzes": ("student", "GET", "quizzes/", None, page(READ_QUIZ)),
    "one quiz": ("student", "GET", "quizzes/{planned}/", None, READ_QUIZ),
    "quiz with its key": ("owner", "GET", "quizzes/{planned}/", None, QUIZ),
    "quiz change": ("owner", "PATCH", "quizzes/{planned}/", {}, QUIZ),
    "own quiz attempts": ("student", "GET", "quizzes/submissions/", None, [QUIZ_SUBMISSION]),
    "a quiz attempt": ("student", "GET", "quizzes/submissions/{attempt}/", None, QUIZ_SUBMISSION_DETAIL),
    "quiz attempts": (
        "owner",
        "GET",
        "quizzes/{taken}/submissions/",
        None,
        page(QUIZ_SUBMISSION | {"student": integer, "student_name": string, "student_code": string, "status": string}),
    ),
    "a quiz begun": ("student", "POST", "quizzes/{exam}/start/", None, STARTED_ATTEMPT),
    "a running attempt": ("student", "GET", "quizzes/{exam}/attempt/", None, RUNNING_ATTEMPT),
    "answers saved": (
        "student",
        "PUT",
        "quizzes/{exam}/answers/",
        {"answers": "{answers}"},
        {"saved": integer, "remaining_seconds": integer},
    ),
    "a quiz handed in": ("student", "POST", "quizzes/{exam}/submit/", {"answers": "{answers}"}, SUBMITTED_ATTEMPT),
    "quiz analysis": ("owner", "GET", "quizzes/{taken}/analysis/", None, QUIZ_ANALYSIS),
    "ledger": ("student", "GET", "wallet/transactions/", None, page(ENTRY)),
    "redeeming": ("student", "POST", "wallet/redeem/", {"code": "{unused}", "course": "{course}"}, REDEEMED),
    "asking for a course": ("student", "POST", "enrollments/", {"course": "{askable}"}, ENROLLMENT),
    "taking that back": (
        "student",
        "DELETE",
        "enrollments/{waiting}/",
        None,
        {"message": word("Enrollment cancelled successfully")},
    ),
    "buying": ("student", "POST", "purchases/", {"lecture": "{free}"}, PURCHASE | {"reopen_logs": word([])}),
    "a notification read": (
        "student",
        "POST",
        "notifications/{notification}/mark_read/",
        None,
        {"message": word("Notification marked as read")},
    ),
    "password change": (
        "student",
        "POST",
        "accounts/password/change/",
        {"old_password": PASSWORD, "new_password": "ya-salam-2026", "new_password_confirm": "ya-salam-2026"},
        {"message": word("Password changed successfully. Please log in again.")},
    ),
}
#: A page of one row has no neighbours; the tests of pages have more.
NEVER_FILLED = {"next", "previous"}
#: Registration demands them, as long as `school` is the only educational state.
NEVER_NULL = {
    "grade",
    "grade_name",
    "school_type",
    "school_type_name",
    "governorate_name",
    "area_name",
}


@dataclass
class School:
    clients: dict[str, Api]
    ids: dict[str, Any]

    def ask(self, name):
        who, method, path, body, _ = BODIES[name]
        if body:
            body = {
                key: self.ids[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value
                for key, value in body.items()
            }
        return self.clients[who].request(method, f"/api/{path.format(**self.ids)}", body)


def build_school(api, *, full):
    """Return a school of one of everything, where every place that may be null is filled, or as many as can be null."""
    now = clock.now()
    division = any_division()
    grade = division.grades[0]
    optional = {"description": "وصف", "cover_picture": "public/pictures/a.png"} if full else {}
    subject = create_subject(
        grades=[grade], divisions=[division], school_types=list(division.school_types), name=f"الأحياء {full}"
    )
    teacher = create_teacher(
        subject=subject,
        **(
            {
                "secondary_phone": "01112345678",
                "profile_picture": "public/pictures/t.png",
                "biography": "خبرة",
                "facebook": "ustaz",
                "video_security": create_video_security(),
            }
            if full
            else {}
        ),
    )
    create_assistant(teacher)
    course = create_course(teacher, **optional)
    described = {"description": "وصف"} if full else {}
    topic = create_topic(course, **described)
    lecture = create_lecture(topic=topic, **described)
    video = create_video(lecture, duration_seconds=600 if full else None)
    create_material(lecture)
    student = create_student(
        grade=grade,
        division=division if full else None,
        school_type=division.school_types[0],
        **(
            {"mother_number": "01112345678", "facebook_link": "fb.com/x"}
            if full
            else {"father_number": None, "mother_number": "01112345678", "school_name": None}
        ),
    )
    create_enrollment(student, course, **({"response_note": "أهلا"} if full else {}))
    if not full:
        unanswered = create_topic(create_course(teacher, **optional)).course
        create_enrollment(student, unanswered, "pending")
        create_enrollment(create_student(grade=grade, school_type=division.school_types[0]), unanswered)
    owner = create_site_owner()
    purchase = create_purchase(student, lecture)
    if full:
        purchase.effective_expiry += timedelta(days=2)
        purchase.extra_days = 2
        db.session.add(
            Reopening(
                purchase=purchase,
                extra_days=2,
                new_expiry=purchase.effective_expiry,
                reopened_by_id=owner.id,
                reopened_by_name=owner.username,
                reopened_at=now,
                note="",
            )
        )
        db.session.commit()
    give_balance(student, course, "20.00")
    _, code = create_code(
        course,
        **({"used_by": None, "expires_at": now + timedelta(days=1), "value": Decimal("9.00")} if full else {}),
    )
    askable, wanted = (create_topic(create_course(teacher, **optional)).course for _ in range(2))
    waiting = create_enrollment(student, wanted, "pending")
    shop = create_lecture(price=Decimal("0.00"), topic=create_topic(create_course(teacher, **optional)))
    create_enrollment(student, shop.topic.course)
    taken = create_quiz(
        lecture,
        questions=[create_question(teacher), create_question(teacher, "written")],
        score_visibility="immediately" if full else "never",
    )
    attempt = create_attempt(student, taken, [[1], "نص"], awarded={1: 1} if full else {})
    if full:
        create_attempt(create_student(mother_number="01112345678"), taken, [[2]])
        attempt.answers[1].feedback = "أحسنت"
    exam = build_exam(lecture, full=full)
    homework, planned = build_questions(lecture, full=full)
    school = School(
        {"student": api.as_(student), "owner": api.as_(owner)},
        {
            "lecture": lecture.id,
            "taken": taken.id,
            "attempt": attempt.id,
            "exam": exam.id,
            "homework": homework.id,
            "planned": planned.id,
            "nothing": [],
            "answers": [{"quiz_question_id": exam.questions[0].id, "choice_ids": []}],
            "unused": create_code(course)[0],
            "askable": askable.id,
            "waiting": waiting.id,
            "free": shop.id,
            "notification": create_notification(student).id,
            "subject": subject.id,
            "course": course.id,
            "video": video.id,
            "teacher": teacher.id,
            "student": student.id,
            "code": code.id,
        },
    )
    redeemed = {"code": create_code(course)[0], "course": course.id}
    assert school.clients["student"].post("/api/wallet/redeem/", redeemed).status_code == 200
    beat = {"video": video.id, "progress_seconds": 60} | ({"platform_data": {"speed": 1.5}} if full else {})
    assert school.clients["student"].post("/api/progress/", beat).status_code == 200
    if full:
        adjustment = {"student": student.id, "course": course.id, "amount": "1.00", "reason": "هدية"}
        assert school.clients["owner"].post("/api/wallet/adjustments/", adjustment).status_code == 201
    status = {"status": "verified", "is_active": True}
    school.clients["owner"].patch(f"/api/accounts/students/{student.id}/status/", {"status": "pending"})
    school.clients["owner"].patch(f"/api/accounts/students/{student.id}/status/", status)
    assert db.session.query(Notification).count() > 0
    return school


def build_exam(lecture, *, full):
    """Return a quiz that nobody has begun, with pictures in it, or none."""
    questions = [create_question(lecture.topic.course.teacher, kind) for kind in ("mcq_single", "mcq_multiple")]
    if full:
        version = questions[0].version
        version.image = version.choices[0].image = "public/pictures/q.png"
    return create_quiz(lecture, questions=questions, score_visibility="immediately" if full else "never")


def build_questions(lecture, *, full):
    """Return a homework and a quiz over one question, as full or as bare as they can be."""
    question = create_question(
        lecture.topic.course.teacher, tags=["جبر"], model_answer="لأن الجذر موجب" if full else None
    )
    if full:
        question.version.image = question.version.choices[0].image = "public/pictures/q.png"
    now = clock.now()
    described = {"description": "وصف"} if full else {}
    times = {"opens_at": now, "closes_at": now + timedelta(days=1)} if full else {}
    return (
        create_homework(lecture, questions=[question], **described),
        create_quiz(lecture, questions=[question], **described, **times),
    )


def documented(name, *, full):
    """Return the kind of a body in that school: what was never reopened has an empty log."""
    kind = BODIES[name][-1]
    if kind in ([PURCHASE], page(PURCHASE)) and not full:
        unopened = PURCHASE | {"reopen_logs": word([])}
        return [unopened] if isinstance(kind, list) else page(unopened)
    return kind


@pytest.mark.parametrize("full", [True, False], ids=["full", "bare"])
def test_each_body_is_as_documented(api, full):
    school = build_school(api, full=full)

    found = {}
    for name in BODIES:
        response = school.ask(name)
        assert response.status_code in (200, 201), (name, response.text)
        found[name] = faults(response.json, documented(name, full=full))

    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_every_nullable_place_is_seen_filled_and_null(api):
    seen = {True: set(), False: set()}
    for full in (True, False):
        school = build_school(api, full=full)
        for name in BODIES:
            for place, null in nullables(school.ask(name).json, documented(name, full=full)):
                seen[null].add(place)

    assert seen[True] - seen[False] == NEVER_FILLED
    assert seen[False] - seen[True] == NEVER_NULL


def test_a_registration_answers_the_profile(api):
    response = api.post("/api/accounts/students/register/", registration_form())

    assert response.status_code == 201
    assert faults(response.json, PROFILE) == []
