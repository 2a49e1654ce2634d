"""What has been bought: a student's own, those of a teacher's courses, and reopening them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select

from edutrack.core.auth import caller, guard
from edutrack.core.blueprint import path_object
from edutrack.core.caller import Role
from edutrack.core.idempotency import idempotent
from edutrack.courses.models import Purchase
from edutrack.courses.queries.purchases import find_purchase_to_reopen, list_purchases, purchases_of_student
from edutrack.courses.schemas.purchases import PurchaseFilterSchema, PurchaseSchema, ReopenSchema
from edutrack.courses.service import purchases as service
from edutrack.courses.views.room import blueprint


@blueprint.get("/purchases/mine/")
@guard(Role.STUDENT)
@blueprint.response(200, PurchaseSchema(many=True))
def list_my_purchases() -> Sequence[Purchase]:
    """List what the student has bought, newest first."""
    return purchases_of_student(caller().student_id)


@blueprint.get("/purchases/")
@guard(Role.TEACHER, Role.ASSISTANT, Role.SITE_OWNER)
@blueprint.query(PurchaseFilterSchema)
@blueprint.page(PurchaseSchema)
def list_course_purchases(filters: dict[str, Any]) -> Select[Purchase]:
    """List what was bought in one's courses, newest first."""
    return list_purchases(caller(), **filters)


@blueprint.post("/purchases/<int:purchase_id>/reopen/")
@guard(Role.TEACHER, Role.SITE_OWNER)
@idempotent
@path_object("purchase", find_purchase_to_reopen)
@blueprint.body(ReopenSchema)
@blueprint.response(200, PurchaseSchema)
def reopen_purchase(values: dict[str, Any], purchase: Purchase) -> Purchase:
    """Give a student more days to watch."""
    return service.reopen_purchase(caller(), purchase, values["extra_days"], values["note"])
