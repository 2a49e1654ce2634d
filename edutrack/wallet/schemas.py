"""Bodies of the wallet."""

from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, validates
from marshmallow import fields as plain

from edutrack.core import fields
from edutrack.core.schemas import Schema
from edutrack.core.sealing import unseal
from edutrack.wallet.codes import parsed_serial, printed_code, serial
from edutrack.wallet.models import LABEL_LENGTH, MAX_BATCH_QUANTITY, REASON_LENGTH

#: Longer than any code or serial with every blank and dash that somebody may put into it.
_TYPED_LENGTH = 100


class NewCodeSchema(Schema):
    """A code to be made."""

    course = fields.Id(required=True)
    value = fields.Decimals(minimum=1, required=True)
    expires_at = fields.Moment(allow_none=True, load_default=None)


class NewBatchSchema(NewCodeSchema):
    """Codes to be made together."""

    quantity = fields.Integer(minimum=1, maximum=MAX_BATCH_QUANTITY, required=True)
    label = fields.Text(longest=LABEL_LENGTH, allow_none=True, load_default=None)


class CodeFilterSchema(Schema):
    """What narrows and orders the list of codes."""

    course_id = fields.Id(data_key="course")
    batch_id = fields.Id(data_key="batch")
    value = fields.Decimals()
    is_used = fields.Boolean()
    voided = fields.Boolean()
    expired = fields.Boolean()
    search = fields.Text(longest=_TYPED_LENGTH, blank=True)
    ordering = fields.Ordering("created_at", "value", "used_at", default="-created_at")


class RechargeCodeSchema(Schema):
    """A code, with its text in the clear: for the site owner alone."""

    id = plain.Integer(required=True)
    course = plain.Integer(required=True)
    course_name = plain.String(required=True)
    teacher_name = plain.String(required=True)
    code = plain.Method("unsealed", required=True, metadata={"type": "string"})
    value = fields.Decimals(required=True)
    is_used = plain.Boolean(required=True)
    used_by = plain.Integer(required=True, allow_none=True)
    used_by_name = plain.String(required=True, allow_none=True)
    used_at = fields.Moment(required=True, allow_none=True)
    created_at = fields.Moment(required=True)
    expires_at = fields.Moment(required=True, allow_none=True)
    created_by = plain.Integer(required=True)
    created_by_username = plain.String(required=True)

    def unsealed(self, row: Any) -> str:
        """Return the code as it stands on its card."""
        return printed_code(unseal(row.sealed, "recharge-code"))


class RechargeBatchSchema(Schema):
    """A batch of codes, without the codes."""

    id = plain.Integer(required=True)
    label = plain.String(required=True, allow_none=True)
    course = plain.Integer(required=True)
    course_name = plain.String(required=True)
    value = fields.Decimals(required=True)
    quantity = plain.Integer(required=True)
    expires_at = fields.Moment(required=True, allow_none=True)
    created_at = fields.Moment(required=True)
    created_by = plain.Integer(required=True)
    created_by_username = plain.String(required=True)
    used_count = plain.Integer(required=True)
    total_value = fields.Decimals(required=True)


class VoidSchema(Schema):
    """Why codes are cancelled."""

    reason = fields.Text(longest=REASON_LENGTH, required=True)


class NumberInBatch(fields.Integer):
    """The number of a code in a batch, typed by itself or as the whole serial on its card."""

    default_error_messages: dict[str, Any] = {"other_batch": "This serial is of another batch."}

    def __init__(self, batch_id: int, **kwargs: Any) -> None:
        self.batch_id = batch_id
        super().__init__(minimum=1, maximum=MAX_BATCH_QUANTITY, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        named = parsed_serial(value) if isinstance(value, str) else None
        if named and named[0] != self.batch_id:
            raise self.make_error("other_batch")
        return super()._deserialize(named[1] if named else value, attr, data, **kwargs)


def range_schema(batch_id: int) -> Schema:
    """Return the schema of the first and the last of codes that lie in a row within a batch."""
    numbers = {name: NumberInBatch(batch_id, required=True) for name in ("first", "last")}
    schema: Schema = Schema.from_dict(numbers, name="RangeSchema")()  # type: ignore[arg-type,assignment]
    return schema


class AdjustmentSchema(Schema):
    """By how much a balance is corrected, and why."""

    student = fields.Id(required=True)
    course = fields.Id(required=True)
    amount = fields.Decimals(required=True)
    reason = fields.Text(longest=REASON_LENGTH, required=True)

    @validates("amount")
    def _refuse_zero(self, amount: Decimal, **_: Any) -> None:
        if amount == 0:
            raise ValidationError("The amount may not be zero.")


class RedeemSchema(Schema):
    """A code as a student typed it, and the course it is for."""

    code = fields.Text(longest=_TYPED_LENGTH, required=True)
    course = fields.Id(required=True)


class RedeemedSchema(Schema):
    """What redeeming a code came to."""

    detail = plain.Constant("Code redeemed successfully.", required=True)
    new_balance = fields.Decimals(required=True)
    transaction_id = plain.Integer(required=True)


class BuySchema(Schema):
    """The lecture to be bought."""

    lecture = fields.Id(required=True)


class BalanceSchema(Schema):
    """What a student holds in a course."""

    id = plain.Integer(required=True)
    student = plain.Integer(attribute="student_id", required=True)
    student_name = plain.String(attribute="student.name_ar", required=True)
    student_code = plain.String(attribute="student.student_code", required=True)
    course = plain.Integer(attribute="course_id", required=True)
    course_name = plain.String(attribute="course.name", required=True)
    teacher_name = plain.String(attribute="course.teacher.name", required=True)
    balance = fields.Decimals(required=True)
    updated_at = fields.Moment(required=True)


class TransactionFilterSchema(Schema):
    """Whose ledger, and of which course."""

    student = fields.Id()
    course = fields.Id()


class TransactionSchema(Schema):
    """An entry of the ledger."""

    id = plain.Integer(required=True)
    course = plain.Integer(required=True)
    course_name = plain.String(required=True)
    type = plain.String(required=True, metadata={"enum": ["recharge_code", "purchase", "adjustment"]})
    amount = fields.Decimals(required=True)
    balance_after = fields.Decimals(required=True)
    reference = plain.Method("referred", required=True, metadata={"type": ["string", "null"]})
    note = plain.String(required=True, allow_none=True)
    created_at = fields.Moment(required=True)

    def referred(self, row: Any) -> str | None:
        """Return the code's serial or the lecture's name; None for an adjustment."""
        return row.lecture_name if row.batch_id is None else serial(row.batch_id, row.number)
