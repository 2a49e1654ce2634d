"""The educational structure and the geography that registration and courses refer to."""

from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edutrack.core.database import Base, Id, Int


def _pairs(name: str, left: str, right: str) -> Table:
    """Return a table that relates two others, each pair once; a pair goes with its left side, never with its right."""
    return Table(
        name,
        Base.metadata,
        Column(f"{left}_id", BigInteger, ForeignKey(f"{left}s.id", ondelete="CASCADE"), primary_key=True),
        Column(f"{right}_id", BigInteger, ForeignKey(f"{right}s.id"), primary_key=True, index=True),
    )


division_grades = _pairs("division_grades", "division", "grade")
division_school_types = _pairs("division_school_types", "division", "school_type")
subject_grades = _pairs("subject_grades", "subject", "grade")
subject_divisions = _pairs("subject_divisions", "subject", "division")
subject_school_types = _pairs("subject_school_types", "subject", "school_type")


class Grade(Base):
    """A school year, such as the first of secondary school."""

    __tablename__ = "grades"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    order: Mapped[Int]


class SchoolType(Base):
    """A kind of school: governmental, language, private, Azhari."""

    __tablename__ = "school_types"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)


class Division(Base):
    """A branch of the upper grades, such as literary, with the grades and school types that have it."""

    __tablename__ = "divisions"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    grades: Mapped[list[Grade]] = relationship(secondary=division_grades, order_by=Grade.order)
    school_types: Mapped[list[SchoolType]] = relationship(secondary=division_school_types, order_by=SchoolType.id)


class Subject(Base):
    """A school subject and who learns it. No divisions or school types means that all of them do."""

    __tablename__ = "subjects"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    grades: Mapped[list[Grade]] = relationship(secondary=subject_grades, order_by=Grade.order)
    divisions: Mapped[list[Division]] = relationship(secondary=subject_divisions, order_by=Division.id)
    school_types: Mapped[list[SchoolType]] = relationship(secondary=subject_school_types, order_by=SchoolType.id)


class Governorate(Base):
    """One of Egypt's governorates."""

    __tablename__ = "governorates"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)


class Area(Base):
    """A district, markaz or city of a governorate."""

    __tablename__ = "areas"
    __table_args__ = (UniqueConstraint("governorate_id", "name"),)

    id: Mapped[Id]
    governorate_id: Mapped[int] = mapped_column(ForeignKey("governorates.id"))
    name: Mapped[str]


class VideoSecurity(Base):
    """A way of protecting a teacher's videos, and what the business pays for it per student."""

    __tablename__ = "video_securities"
    __table_args__ = (CheckConstraint("price_per_student >= 0", name="price_not_negative"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    price_per_student: Mapped[Decimal]
