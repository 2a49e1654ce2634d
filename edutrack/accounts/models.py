"""Users with their profiles, and the sessions that their tokens belong to."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edutrack.core import clock
from edutrack.core.database import Base, Id
from edutrack.structure.models import Area, Division, Governorate, Grade, SchoolType, Subject, VideoSecurity

#: Lengths that forms and columns share.
USERNAME_LENGTH = 150
NAME_LENGTH = 255

STUDENT_STATUSES = ("verified", "pending", "declined", "suspended_temporary", "suspended_permanent")
GENDERS = ("male", "female")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class User(Base):
    """Somebody who can sign in. What they are otherwise stands in their profile."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_username_folded", func.lower(text("username")), unique=True),
        Index("uq_users_gmail_folded", func.lower(text("gmail")), unique=True),
        CheckConstraint(_one_of("role", ("siteowner", "teacher", "assistant", "student")), name="role_known"),
    )

    id: Mapped[Id]
    username: Mapped[str]
    #: Any e-mail address; the name is the one that forms and frontends use.
    gmail: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    #: A student's is set by the status rules, everybody else's by hand.
    is_active: Mapped[bool] = mapped_column(default=True)
    #: When the holder of the address showed that it is theirs; null until then, and again once the address changes.
    email_verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


class MailToken(Base):
    """The key in a mailed link, good once, for one purpose and as long as the user has the address it was sent to."""

    __tablename__ = "mail_tokens"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str]
    #: SHA-256: whoever reads the table cannot use what is in it.
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    address: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Session(Base):
    """One signing in, alive until it is ended or its refresh token expires; its tokens carry the id."""

    __tablename__ = "sessions"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    #: Id of the one refresh token that may be used next.
    refresh_jti: Mapped[str]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class RotatedToken(Base):
    """A refresh token that has been used; seen again, it tells a lost answer from a theft by its age."""

    __tablename__ = "rotated_tokens"

    jti: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    rotated_at: Mapped[datetime]


teacher_grades = Table(
    "teacher_grades",
    Base.metadata,
    Column("teacher_id", BigInteger, ForeignKey("teachers.id", ondelete="CASCADE"), primary_key=True),
    Column("grade_id", BigInteger, ForeignKey("grades.id"), primary_key=True, index=True),
)


class Teacher(Base):
    """The profile of a teacher."""

    __tablename__ = "teachers"
    __table_args__ = (
        CheckConstraint(_one_of("gender", GENDERS), name="gender_known"),
        Index(
            "ix_teachers_name_folded",
            "name_folded",
            postgresql_using="gin",
            postgresql_ops={"name_folded": "gin_trgm_ops"},
        ),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    name: Mapped[str]
    name_folded: Mapped[str] = mapped_column(Computed("edutrack_fold(name)", persisted=True))
    phone: Mapped[str]
    secondary_phone: Mapped[str | None]
    gender: Mapped[str]
    profile_picture: Mapped[str | None]
    biography: Mapped[str | None]
    facebook: Mapped[str | None]
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    video_security_id: Mapped[int | None] = mapped_column(ForeignKey("video_securities.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    user: Mapped[User] = relationship()
    subject: Mapped[Subject] = relationship()
    grades: Mapped[list[Grade]] = relationship(secondary=teacher_grades, order_by=Grade.order)
    video_security: Mapped[VideoSecurity | None] = relationship()


class Assistant(Base):
    """The profile of somebody who works for one teacher."""

    __tablename__ = "assistants"
    __table_args__ = (
        CheckConstraint(_one_of("gender", GENDERS), name="gender_known"),
        Index(
            "ix_assistants_search_folded",
            "search_folded",
            postgresql_using="gin",
            postgresql_ops={"search_folded": "gin_trgm_ops"},
        ),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    teacher_id: Mapped[int] = mapped_column(ForeignKey("teachers.id"), index=True)
    name: Mapped[str]
    phone: Mapped[str]
    search_folded: Mapped[str] = mapped_column(Computed("edutrack_fold(name || ' ' || phone)", persisted=True))
    gender: Mapped[str]
    profile_picture: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    user: Mapped[User] = relationship()
    teacher: Mapped[Teacher] = relationship()


class Student(Base):
    """The profile of a student: a minor's personal data, shown to the student and the site owner alone."""

    __tablename__ = "students"
    __table_args__ = (
        CheckConstraint(_one_of("status", STUDENT_STATUSES), name="status_known"),
        CheckConstraint(_one_of("gender", GENDERS), name="gender_known"),
        CheckConstraint("num_nonnulls(father_number, mother_number) >= 1", name="one_parent_number"),
        UniqueConstraint("national_id_sealed"),
        Index(
            "ix_students_search_folded",
            "search_folded",
            postgresql_using="gin",
            postgresql_ops={"search_folded": "gin_trgm_ops"},
        ),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    #: Eight digits, printed on nothing secret; how staff and parents name a student.
    student_code: Mapped[str] = mapped_column(unique=True)
    name_ar: Mapped[str]
    name_en: Mapped[str]
    search_folded: Mapped[str] = mapped_column(
        Computed("edutrack_fold(name_ar || ' ' || name_en || ' ' || student_code)", persisted=True)
    )
    phone_number: Mapped[str]
    father_number: Mapped[str | None]
    mother_number: Mapped[str | None]
    father_job: Mapped[str]
    educational_state: Mapped[str]
    school_type_id: Mapped[int | None] = mapped_column(ForeignKey("school_types.id"), index=True)
    grade_id: Mapped[int | None] = mapped_column(ForeignKey("grades.id"), index=True)
    division_id: Mapped[int | None] = mapped_column(ForeignKey("divisions.id"), index=True)
    school_name: Mapped[str | None]
    #: Sealed (core/sealing.py): equality is all that uniqueness and search need.
    national_id_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    birth_date: Mapped[date]
    gender: Mapped[str]
    facebook_link: Mapped[str | None]
    governorate_id: Mapped[int] = mapped_column(ForeignKey("governorates.id"), index=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), index=True)
    status: Mapped[str] = mapped_column(default="pending", index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)

    user: Mapped[User] = relationship()
    school_type: Mapped[SchoolType | None] = relationship()
    grade: Mapped[Grade | None] = relationship()
    division: Mapped[Division | None] = relationship()
    governorate: Mapped[Governorate] = relationship()
    area: Mapped[Area] = relationship()
