"""Routes of the figures."""

from typing import Any

from flask import Response

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import Blueprint, path_object
from edutrack.core.caller import Role
from edutrack.core.errors import Invalid
from edutrack.core.pagination import whole_list
from edutrack.courses.models import Course, Lecture
from edutrack.courses.queries.scope import find_course, find_lecture
from edutrack.owner.figures import dashboard, revenue, teaching
from edutrack.owner.schemas import (
    CourseAnalyticsSchema,
    CourseRevenueDetailSchema,
    DashboardSchema,
    LectureRevenueDetailSchema,
    RevenueSchema,
    StudentRevenueFilterSchema,
    StudentRevenueSchema,
    TeachingDashboardSchema,
    TrendRangeSchema,
    TrendSchema,
)

blueprint = Blueprint("owner", __name__, description="Figures of the business and of courses")


@blueprint.get("/owner/dashboard/")
@guard(Role.SITE_OWNER)
@blueprint.response(200, DashboardSchema)
def show_dashboard() -> dict[str, Any]:
    """Show how many of everything there are."""
    return dashboard.dashboard()


@blueprint.get("/owner/revenue/")
@guard(Role.SITE_OWNER)
@blueprint.response(200, RevenueSchema)
def show_revenue() -> dict[str, Any]:
    """Show the revenue of all courses, best first."""
    return revenue.overview()


@blueprint.get("/owner/revenue/courses/<int:course_id>/")
@guard(Role.SITE_OWNER)
@path_object("course", find_course)
@blueprint.response(200, CourseRevenueDetailSchema)
def show_course_revenue(course: Course) -> dict[str, Any]:
    """Show the revenue of a course by topic, lecture and buyer."""
    return revenue.of_course(course)


@blueprint.get("/owner/revenue/lectures/<int:lecture_id>/")
@guard(Role.SITE_OWNER)
@path_object("lecture", find_lecture)
@blueprint.response(200, LectureRevenueDetailSchema)
def show_lecture_revenue(lecture: Lecture) -> dict[str, Any]:
    """Show the purchases of a lecture, and how long after its creation they came."""
    return revenue.of_lecture(lecture)


@blueprint.get("/owner/revenue/students/")
@guard(Role.SITE_OWNER)
@blueprint.query(StudentRevenueFilterSchema)
@blueprint.response(200, StudentRevenueSchema(many=True))
def list_student_revenue(filters: dict[str, Any]) -> Response:
    """List what every student has spent, who spent most first."""
    return whole_list(revenue.students(filters["course"]), StudentRevenueSchema())


@blueprint.get("/owner/revenue/trends/")
@guard(Role.SITE_OWNER)
@blueprint.query(TrendRangeSchema)
@blueprint.response(200, TrendSchema)
@blueprint.refusals(Invalid({"end_date": ["The end date cannot be before the start date."]}))
def show_revenue_trend(values: dict[str, Any]) -> dict[str, Any]:
    """Show the revenue of every day of a range."""
    return revenue.trend(values["start_date"], values["end_date"])


@blueprint.get("/teacher/dashboard/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@blueprint.response(200, TeachingDashboardSchema)
def show_teaching_dashboard() -> dict[str, Any]:
    """Show how the caller's courses are doing; a site owner's are all of them."""
    return teaching.teaching_dashboard(caller())


@blueprint.get("/courses/<int:course_id>/analytics/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@path_object("course", find_course)
@blueprint.response(200, CourseAnalyticsSchema)
def show_course_analytics(course: Course) -> dict[str, Any]:
    """Show how a course is bought, watched and answered."""
    return teaching.course_analytics(caller(), course)
