"""The figures of the business."""

from tests.documented.kinds import NAMED, Nullable, boolean, day, decimal, integer, moment, real, string

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
    "average_days_to_purchase": real,
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
    "dashboard": ("owner", "GET", "owner/dashboard/", None, DASHBOARD),
    "revenue": ("owner", "GET", "owner/revenue/", None, REVENUE),
    "revenue of a course": ("owner", "GET", "owner/revenue/courses/{course}/", None, COURSE_REVENUE),
    "revenue of a lecture": ("owner", "GET", "owner/revenue/lectures/{lecture}/", None, LECTURE_REVENUE),
    "revenue by student": ("owner", "GET", "owner/revenue/students/", None, [STUDENT_REVENUE]),
    "revenue by day": ("owner", "GET", "owner/revenue/trends/", None, TREND),
}
