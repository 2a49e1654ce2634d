"""Teachers, assistants and passwords."""

from tests.documented.kinds import GENDER, NAMED, Nullable, boolean, decimal, integer, moment, page, string, url, word
from tests.factories import PASSWORD

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

#: Who asks, with what, and the documented body of the answer. `{…}` are ids of the school's things.
BODIES = {
    "teachers": ("owner", "GET", "accounts/teachers/", None, page(TEACHER)),
    "teacher": ("owner", "GET", "accounts/teachers/{teacher}/", None, TEACHER),
    "teacher change": ("owner", "PATCH", "accounts/teachers/{teacher}/", {}, TEACHER),
    "new teacher": (
        "owner",
        "POST",
        "accounts/teachers/",
        {
            "username": "{unheard}",
            "password": PASSWORD,
            "name": "أستاذة هدى",
            "phone": "01012345678",
            "gmail": "{unheard_of}",
            "gender": "female",
            "subject": "{subject}",
            "grades": "{grades}",
        },
        TEACHER,
    ),
    "assistants": ("owner", "GET", "accounts/assistants/", None, page(ASSISTANT)),
    "password change": (
        "student",
        "POST",
        "accounts/password/change/",
        {"old_password": PASSWORD, "new_password": "ya-salam-2026", "new_password_confirm": "ya-salam-2026"},
        {"message": word("Password changed successfully. Please log in again.")},
    ),
}
