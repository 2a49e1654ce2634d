"""Bodies of the figures."""

from marshmallow import fields as plain

from edutrack.core import fields
from edutrack.core.schemas import Schema


class StudentsByKindSchema(Schema):
    """How many students are of one grade, school type and division."""

    grade = plain.String(required=True)
    school_type = plain.String(required=True)
    division = plain.String(required=True)
    count = plain.Integer(required=True)


class TeachersByKindSchema(Schema):
    """How many teachers teach one subject to one grade."""

    grade = plain.String(required=True)
    subject = plain.String(required=True)
    count = plain.Integer(required=True)


class StudentsByStatusSchema(Schema):
    """How many students are in each status."""

    verified = plain.Integer(required=True)
    pending = plain.Integer(required=True)
    declined = plain.Integer(required=True)
    suspended_temporary = plain.Integer(required=True)
    suspended_permanent = plain.Integer(required=True)


class DashboardSchema(Schema):
    """How many of everything there are."""

    total_students = plain.Integer(required=True)
    total_teachers = plain.Integer(required=True)
    total_assistants = plain.Integer(required=True)
    new_users_this_month = plain.Integer(required=True)
    new_students_this_month = plain.Integer(required=True)
    new_teachers_this_month = plain.Integer(required=True)
    students_by_status = plain.Nested(StudentsByStatusSchema, required=True)
    students_by_grade_school_division = plain.List(plain.Nested(StudentsByKindSchema), required=True)
    teachers_active_count = plain.Integer(required=True)
    teachers_inactive_count = plain.Integer(required=True)
    teachers_by_grade_subject = plain.List(plain.Nested(TeachersByKindSchema), required=True)
    total_subjects = plain.Integer(required=True)
    total_grades = plain.Integer(required=True)
    total_school_types = plain.Integer(required=True)
    total_divisions = plain.Integer(required=True)
    total_governorates = plain.Integer(required=True)
    total_areas = plain.Integer(required=True)
    total_video_security_options = plain.Integer(required=True)


class RevenueSummarySchema(Schema):
    """What the whole business comes to."""

    total_revenue = fields.Decimals(required=True)
    total_purchases = plain.Integer(required=True)
    total_students = plain.Integer(required=True)
    total_courses = plain.Integer(required=True)


class CourseRevenueSchema(Schema):
    """What one course comes to."""

    id = plain.Integer(required=True)
    name = plain.String(required=True)
    is_active = plain.Boolean(required=True)
    enrolled_count = plain.Integer(required=True)
    purchase_count = plain.Integer(required=True)
    revenue = fields.Decimals(required=True)


class RevenueSchema(Schema):
    """Revenue across all courses (rules.md, "Revenue")."""

    summary = plain.Nested(RevenueSummarySchema, required=True)
    courses = plain.List(plain.Nested(CourseRevenueSchema), required=True)


class TopicRevenueSchema(Schema):
    """What the lectures of one topic come to."""

    topic_id = plain.Integer(required=True)
    topic_name = plain.String(required=True)
    lecture_count = plain.Integer(required=True)
    purchase_count = plain.Integer(required=True)
    revenue = fields.Decimals(required=True)


class LectureRevenueSchema(Schema):
    """What one lecture comes to."""

    lecture_id = plain.Integer(required=True)
    lecture_name = plain.String(required=True)
    topic_id = plain.Integer(required=True)
    topic_name = plain.String(required=True)
    price = fields.Decimals(required=True)
    final_price = fields.Decimals(required=True)
    purchase_count = plain.Integer(required=True)
    revenue = fields.Decimals(required=True)


class SpendingSchema(Schema):
    """What one student spent in a course."""

    student_id = plain.Integer(required=True)
    student_name = plain.String(required=True)
    student_code = plain.String(required=True)
    total_spent = fields.Decimals(attribute="revenue", required=True)
    lectures_purchased = plain.Integer(attribute="purchase_count", required=True)


class CourseRevenueDetailSchema(Schema):
    """One course by topic, lecture and buyer."""

    course_id = plain.Integer(required=True)
    course_name = plain.String(required=True)
    total_revenue = fields.Decimals(required=True)
    total_purchases = plain.Integer(required=True)
    topics = plain.List(plain.Nested(TopicRevenueSchema), required=True)
    lectures = plain.List(plain.Nested(LectureRevenueSchema), required=True)
    student_spending = plain.List(plain.Nested(SpendingSchema), required=True)


class PurchaseEntrySchema(Schema):
    """One purchase of a lecture."""

    student_name = plain.String(required=True)
    student_code = plain.String(required=True)
    amount_paid = fields.Decimals(required=True)
    purchased_at = fields.Moment(required=True)


class LectureRevenueDetailSchema(Schema):
    """One lecture by purchase."""

    lecture_id = plain.Integer(required=True)
    lecture_name = plain.String(required=True)
    course_name = plain.String(required=True)
    price = fields.Decimals(required=True)
    final_price = fields.Decimals(required=True)
    total_revenue = fields.Decimals(required=True)
    buyer_count = plain.Integer(required=True)
    purchase_count = plain.Integer(required=True)
    average_days_to_purchase = plain.Float(required=True)
    purchase_timeline = plain.List(plain.Nested(PurchaseEntrySchema), required=True)


class StudentRevenueFilterSchema(Schema):
    """What narrows the revenue by student."""

    course = fields.Id(load_default=None)


class StudentRevenueSchema(Schema):
    """What one student has spent."""

    student_id = plain.Integer(required=True)
    student_name = plain.String(required=True)
    student_code = plain.String(required=True)
    courses_enrolled = plain.Integer(required=True)
    total_spent = fields.Decimals(required=True)
    lectures_purchased = plain.Integer(required=True)
    last_purchase_at = fields.Moment(required=True, allow_none=True)


class TrendRangeSchema(Schema):
    """From which business day to which; both may be left out."""

    start_date = fields.Day(load_default=None)
    end_date = fields.Day(load_default=None)


class DayRevenueSchema(Schema):
    """What was bought on one business day."""

    date = plain.Date(attribute="day", required=True)
    revenue = fields.Decimals(required=True)
    purchase_count = plain.Integer(attribute="purchases", required=True)


class TrendSchema(Schema):
    """Revenue by day, every day of the range present."""

    start_date = plain.Date(required=True)
    end_date = plain.Date(required=True)
    total_revenue = fields.Decimals(required=True)
    total_purchases = plain.Integer(required=True)
    daily_trends = plain.List(plain.Nested(DayRevenueSchema), required=True)


class TeachingDashboardSchema(Schema):
    """How a teacher's courses are doing; money is null for assistants (rules.md, "Teaching figures")."""

    total_courses = plain.Integer(required=True)
    total_students = plain.Integer(required=True)
    pending_enrollments = plain.Integer(required=True)
    quizzes_to_grade = plain.Integer(required=True)
    total_purchases = plain.Integer(required=True)
    total_revenue = fields.Decimals(required=True, allow_none=True)
    purchases_this_month = plain.Integer(required=True)
    revenue_this_month = fields.Decimals(required=True, allow_none=True)


class LectureAnalyticsSchema(Schema):
    """How one lecture is bought, watched and answered; what nobody did yet is null."""

    lecture_id = plain.Integer(required=True)
    lecture_name = plain.String(required=True)
    purchase_count = plain.Integer(required=True)
    completion_percentage = fields.Decimals(required=True, allow_none=True)
    homework_average = fields.Decimals(required=True, allow_none=True)
    quiz_average = fields.Decimals(required=True, allow_none=True)
    quiz_pass_rate = fields.Decimals(required=True, allow_none=True)


class TopicAnalyticsSchema(Schema):
    """The lectures of one topic."""

    topic_id = plain.Integer(required=True)
    topic_name = plain.String(required=True)
    lectures = plain.List(plain.Nested(LectureAnalyticsSchema), required=True)


class CourseAnalyticsSchema(Schema):
    """How a course is doing; money is null for assistants (rules.md, "Teaching figures")."""

    course_id = plain.Integer(required=True)
    course_name = plain.String(required=True)
    enrolled_count = plain.Integer(required=True)
    pending_count = plain.Integer(required=True)
    purchase_count = plain.Integer(required=True)
    revenue = fields.Decimals(required=True, allow_none=True)
    completion_percentage = fields.Decimals(required=True, allow_none=True)
    topics = plain.List(plain.Nested(TopicAnalyticsSchema), required=True)
