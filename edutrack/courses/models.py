"""Courses down to their videos, who is enrolled, what was bought, and how far it has been watched."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edutrack.accounts.models import Student, Teacher, User
from edutrack.core import clock
from edutrack.core.database import Base, Id, Int
from edutrack.structure.models import Grade, Subject

NAME_LENGTH = 255
DESCRIPTION_LENGTH = 10_000
PLATFORMS = ("youtube", "vimeo", "bunny", "vdocipher", "file")
ENROLLMENT_STATUSES = ("pending", "approved", "rejected")
#: Ten years: longer than anybody stays at school.
LONGEST_WINDOW_DAYS = 3660


class Course(Base):
    """What one teacher teaches one grade under one name; the subject is the teacher's."""

    __tablename__ = "courses"
    __table_args__ = (
        UniqueConstraint("teacher_id", "grade_id", "name", name="uq_courses_teacher_id_grade_id_name"),
        Index(
            "ix_courses_search_folded",
            "search_folded",
            postgresql_using="gin",
            postgresql_ops={"search_folded": "gin_trgm_ops"},
        ),
    )

    id: Mapped[Id]
    teacher_id: Mapped[int] = mapped_column(ForeignKey("teachers.id"))
    grade_id: Mapped[int] = mapped_column(ForeignKey("grades.id"), index=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    name: Mapped[str]
    description: Mapped[str | None]
    search_folded: Mapped[str] = mapped_column(
        Computed("edutrack_fold(name || ' ' || coalesce(description, ''))", persisted=True)
    )
    cover_picture: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)

    teacher: Mapped[Teacher] = relationship()
    grade: Mapped[Grade] = relationship()
    subject: Mapped[Subject] = relationship()


class Topic(Base):
    """A chapter of a course."""

    __tablename__ = "topics"
    __table_args__ = (UniqueConstraint("id", "course_id"),)

    id: Mapped[Id]
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), index=True)
    name: Mapped[str]
    description: Mapped[str | None]
    order: Mapped[Int]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    course: Mapped[Course] = relationship()


class Lecture(Base):
    """What students buy: a price, and the days for which it may be watched."""

    __tablename__ = "lectures"
    __table_args__ = (
        # The course is repeated so that buying reads one row; the pair of keys keeps it the topic's.
        ForeignKeyConstraint(["topic_id", "course_id"], ["topics.id", "topics.course_id"]),
        UniqueConstraint("id", "course_id"),
        CheckConstraint("price >= 0", name="price_not_negative"),
        CheckConstraint("discount >= 0 AND discount <= price", name="discount_within_price"),
        CheckConstraint(f"available_days BETWEEN 1 AND {LONGEST_WINDOW_DAYS}", name="available_days_sound"),
    )

    id: Mapped[Id]
    topic_id: Mapped[int] = mapped_column(index=True)
    course_id: Mapped[int] = mapped_column(index=True)
    name: Mapped[str]
    description: Mapped[str | None]
    price: Mapped[Decimal]
    discount: Mapped[Decimal] = mapped_column(default=Decimal(0))
    final_price: Mapped[Decimal] = mapped_column(Computed("price - discount", persisted=True))
    available_days: Mapped[Int]
    order: Mapped[Int]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    topic: Mapped[Topic] = relationship()


class Video(Base):
    """A recording of a lecture, on a platform or as a file here. Its source never reaches a student."""

    __tablename__ = "videos"
    __table_args__ = (
        CheckConstraint(f"platform IN ({', '.join(repr(name) for name in PLATFORMS)})", name="platform_known"),
        CheckConstraint("duration_seconds > 0", name="duration_positive"),
    )

    id: Mapped[Id]
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lectures.id"), index=True)
    name: Mapped[str]
    platform: Mapped[str]
    #: The platform's id, an https address, or the name of the stored file.
    source: Mapped[str]
    duration_seconds: Mapped[Int | None]
    order: Mapped[Int]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    lecture: Mapped[Lecture] = relationship()


class Enrollment(Base):
    """A student's request for a course and its answer; one row a student and course for ever."""

    __tablename__ = "enrollments"
    __table_args__ = (
        UniqueConstraint("student_id", "course_id", name="uq_enrollments_student_id_course_id"),
        CheckConstraint(f"status IN ({', '.join(repr(name) for name in ENROLLMENT_STATUSES)})", name="status_known"),
        CheckConstraint("(status = 'pending') = (responded_at IS NULL)", name="answered_when_not_pending"),
        Index(None, "course_id", "status"),
    )

    id: Mapped[Id]
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    status: Mapped[str] = mapped_column(default="pending")
    enrolled_at: Mapped[datetime] = mapped_column(default=clock.now)
    #: The user who answered, whatever the answer was.
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    responded_at: Mapped[datetime | None]
    response_note: Mapped[str | None]

    student: Mapped[Student] = relationship()
    course: Mapped[Course] = relationship()
    approved_by: Mapped[User | None] = relationship()


class Purchase(Base):
    """A student's access to a lecture: one row a student and lecture for ever, reopened rather than bought again."""

    __tablename__ = "purchases"
    __table_args__ = (
        UniqueConstraint("student_id", "lecture_id", name="uq_purchases_student_id_lecture_id"),
        ForeignKeyConstraint(["lecture_id", "course_id"], ["lectures.id", "lectures.course_id"]),
        CheckConstraint("amount_paid >= 0", name="amount_not_negative"),
        CheckConstraint("extra_days >= 0", name="extra_days_not_negative"),
        CheckConstraint("effective_expiry >= expires_at AND expires_at > purchased_at", name="window_sound"),
        Index(None, "course_id", "purchased_at"),
        Index(None, "lecture_id"),
    )

    id: Mapped[Id]
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"))
    lecture_id: Mapped[int]
    course_id: Mapped[int]
    amount_paid: Mapped[Decimal]
    purchased_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    #: `expires_at`, or the end that the last reopening set.
    effective_expiry: Mapped[datetime]
    #: Sum of the days of all reopenings.
    extra_days: Mapped[Int] = mapped_column(default=0)

    student: Mapped[Student] = relationship()
    lecture: Mapped[Lecture] = relationship()
    reopenings: Mapped[list["Reopening"]] = relationship(order_by="Reopening.id", back_populates="purchase")

    @property
    def is_expired(self) -> bool:
        """Whether the time to watch is over (rules.md, "Access windows")."""
        return self.effective_expiry <= clock.now()

    @property
    def last_reopening(self) -> "Reopening | None":
        """The latest extension; None where there was none."""
        return self.reopenings[-1] if self.reopenings else None


class Reopening(Base):
    """One extension of a purchase, with the absolute end that it set."""

    __tablename__ = "reopenings"
    __table_args__ = (CheckConstraint("extra_days >= 1", name="extra_days_positive"),)

    id: Mapped[Id]
    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchases.id"), index=True)
    extra_days: Mapped[Int]
    new_expiry: Mapped[datetime]
    reopened_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: The name at that time, as the log shows it.
    reopened_by_name: Mapped[str]
    reopened_at: Mapped[datetime]
    note: Mapped[str]

    purchase: Mapped[Purchase] = relationship(back_populates="reopenings")


class VideoProgress(Base):
    """How far a student has watched a video; it never goes back."""

    __tablename__ = "video_progress"
    __table_args__ = (
        UniqueConstraint("student_id", "video_id", name="uq_video_progress_student_id_video_id"),
        CheckConstraint("progress_seconds >= 0", name="progress_not_negative"),
    )

    id: Mapped[Id]
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"))
    video_id: Mapped[int] = mapped_column(ForeignKey("videos.id"), index=True)
    progress_seconds: Mapped[Int]
    duration_seconds: Mapped[Int | None]
    progress_percentage: Mapped[Decimal]
    is_completed: Mapped[bool]
    watch_count: Mapped[Int]
    last_watched_at: Mapped[datetime]
    #: What the player wants to keep; nothing here reads it.
    platform_data: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    student: Mapped[Student] = relationship()
    video: Mapped[Video] = relationship()


class StudyMaterial(Base):
    """A file that goes with a lecture; students of the lecture get it by a short-lived link."""

    __tablename__ = "study_materials"

    id: Mapped[Id]
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lectures.id"), index=True)
    title: Mapped[str]
    #: Name under which the file is stored, made by the server.
    file: Mapped[str]
    #: Name under which it is downloaded.
    file_name: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    lecture: Mapped[Lecture] = relationship()
