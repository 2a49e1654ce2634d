"""What students register with, as they and the site owner see it."""

from tests.documented.kinds import GENDER, STATUS, Nullable, boolean, day, integer, moment, page, string, word

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

#: Who asks, with what, and the documented body of the answer. `{…}` are ids of the school's things.
BODIES = {
    "profile": ("student", "GET", "accounts/profile/me/", None, PROFILE),
    "profile change": ("student", "PATCH", "accounts/profile/me/", {}, PROFILE),
    "students": ("owner", "GET", "accounts/students/", None, page(LISTED_STUDENT)),
    "student": ("owner", "GET", "accounts/students/{student}/", None, LISTED_STUDENT),
    "student status": (
        "owner",
        "PATCH",
        "accounts/students/{student}/status/",
        {"status": "verified"},
        {"status": STATUS, "is_active": boolean},
    ),
}
