"""Courses, what is in them, enrolments, access and watching."""

from tests.documented.kinds import (
    NAMED,
    Nullable,
    anything,
    boolean,
    decimal,
    integer,
    moment,
    page,
    string,
    text,
    url,
    word,
)

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
COURSE = COURSE_SUMMARY | {
    "teacher_id": integer,
    "topics": [anything],
    "total_lectures": integer,
    "total_videos": integer,
    "updated_at": moment,
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

#: Who asks, with what, and the documented body of the answer. `{…}` are ids of the school's things.
BODIES = {
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
    "materials": ("student", "GET", "materials/mine/", None, [MATERIAL]),
    "courses": ("owner", "GET", "courses/", None, page(COURSE)),
    "course": ("owner", "GET", "courses/{course}/", None, COURSE),
    "new course": (
        "owner",
        "POST",
        "courses/",
        {"name": "كورس جديد", "teacher": "{teacher}", "grade": "{grade}"},
        COURSE | {"topics": word([])},
    ),
    "course change": ("owner", "PATCH", "courses/{course}/", {}, COURSE),
    "watching": ("student", "GET", "lectures/{lecture}/watch/", None, WATCHED),
    "asking for a course": ("student", "POST", "enrollments/", {"course": "{askable}"}, ENROLLMENT),
    "taking that back": (
        "student",
        "DELETE",
        "enrollments/{waiting}/",
        None,
        {"message": word("Enrollment cancelled successfully")},
    ),
}
