"""Recharge codes, what every student holds in every course, and the ledger that proves it."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from edutrack.accounts.models import Student, User
from edutrack.core import clock
from edutrack.core.database import Base, Id, Int
from edutrack.courses.models import Course

MAX_BATCH_QUANTITY = 100_000
LABEL_LENGTH = 255
REASON_LENGTH = 500


class RechargeBatch(Base):
    """Codes made together: one course, one value, one expiry. A code made alone is a batch of one."""

    __tablename__ = "recharge_batches"
    __table_args__ = (
        UniqueConstraint("id", "course_id"),
        CheckConstraint("value >= 1", name="value_at_least_one"),
        CheckConstraint(f"quantity BETWEEN 1 AND {MAX_BATCH_QUANTITY}", name="quantity_sound"),
    )

    id: Mapped[Id]
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), index=True)
    label: Mapped[str | None]
    value: Mapped[Decimal]
    quantity: Mapped[Int]
    expires_at: Mapped[datetime | None]
    #: Made as one code rather than as a batch: not in the list of batches.
    is_single: Mapped[bool] = mapped_column(default=False)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    course: Mapped[Course] = relationship()
    created_by: Mapped[User] = relationship()


class RechargeCode(Base):
    """One scratch card: unused, used once by one student, or voided; its text is sealed at rest.

    Its serial is the batch's id and its number in the batch, safe to print and to say on the phone. Course, value and
    expiry are the batch's, repeated so that redeeming and filtering read one row.
    """

    __tablename__ = "recharge_codes"
    __table_args__ = (
        UniqueConstraint("batch_id", "number"),
        ForeignKeyConstraint(["batch_id", "course_id"], ["recharge_batches.id", "recharge_batches.course_id"]),
        CheckConstraint("(used_by_id IS NULL) = (used_at IS NULL)", name="used_whole"),
        CheckConstraint("(voided_at IS NULL) = (void_reason IS NULL)", name="voided_whole"),
        CheckConstraint("used_at IS NULL OR voided_at IS NULL", name="not_used_and_voided"),
        Index(None, "course_id", "created_at"),
        Index("ix_recharge_codes_used_by_id", "used_by_id", postgresql_where=text("used_by_id IS NOT NULL")),
        # Count the used and the voided codes of a batch without a look at the others.
        Index("ix_recharge_codes_used_of_batch", "batch_id", postgresql_where=text("used_by_id IS NOT NULL")),
        Index("ix_recharge_codes_voided_of_batch", "batch_id", postgresql_where=text("voided_at IS NOT NULL")),
    )

    id: Mapped[Id]
    batch_id: Mapped[int]
    number: Mapped[Int]
    course_id: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    value: Mapped[Decimal]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    used_by_id: Mapped[int | None] = mapped_column(ForeignKey("students.id"))
    used_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]

    batch: Mapped[RechargeBatch] = relationship()
    used_by: Mapped[Student | None] = relationship()


class CourseBalance(Base):
    """What a student can spend in a course; always the sum of the ledger entries of both."""

    __tablename__ = "course_balances"
    __table_args__ = (
        UniqueConstraint("student_id", "course_id", name="uq_course_balances_student_id_course_id"),
        CheckConstraint("balance >= 0", name="not_negative"),
    )

    id: Mapped[Id]
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), index=True)
    balance: Mapped[Decimal]
    updated_at: Mapped[datetime]

    student: Mapped[Student] = relationship()
    course: Mapped[Course] = relationship()


class Adjustment(Base):
    """A correction of a balance by the site owner, with its reason."""

    __tablename__ = "adjustments"
    __table_args__ = (CheckConstraint("amount <> 0", name="amount_not_zero"),)

    id: Mapped[Id]
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), index=True)
    amount: Mapped[Decimal]
    reason: Mapped[str]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class BalanceTransaction(Base):
    """One entry of the ledger: never changed, never deleted (triggers see to it), with exactly one source.

    Holds ids only, so that erasing a person never edits money.
    """

    __tablename__ = "balance_transactions"
    __table_args__ = (
        CheckConstraint("num_nonnulls(code_id, purchase_id, adjustment_id) = 1", name="one_source"),
        CheckConstraint("balance_after >= 0", name="balance_after_not_negative"),
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        CheckConstraint("code_id IS NULL OR amount > 0", name="codes_add"),
        CheckConstraint("purchase_id IS NULL OR amount < 0", name="purchases_take"),
        Index(None, "student_id", "course_id", "id"),
    )

    #: Drawn under the lock of the balance row, so within a balance ids are in order of time.
    id: Mapped[Id]
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), index=True)
    #: Signed: what came in is positive.
    amount: Mapped[Decimal]
    balance_after: Mapped[Decimal]
    code_id: Mapped[int | None] = mapped_column(ForeignKey("recharge_codes.id"), unique=True)
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("purchases.id"), unique=True)
    adjustment_id: Mapped[int | None] = mapped_column(ForeignKey("adjustments.id"), unique=True)
    created_at: Mapped[datetime]
