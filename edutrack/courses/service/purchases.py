"""Reopening what a student has bought."""

from sqlalchemy import func, update

from edutrack.core import audit, clock
from edutrack.core.caller import Caller
from edutrack.core.errors import Invalid
from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.courses.models import LONGEST_WINDOW_DAYS, Purchase, Reopening
from edutrack.courses.queries.purchases import find_purchase
from edutrack.courses.service.telling import tell_of_reopening


def reopen_purchase(caller: Caller, purchase: Purchase, extra_days: int, note: str) -> Purchase:
    """Extend a purchase that the caller may reopen by `extra_days`; return it with its log.

    The days count from the end of the window, or from now where that has passed. Raises Invalid where all reopenings
    of the purchase would exceed the longest window together (rules.md, "Access windows").
    """
    extended = extend_window(purchase.id, extra_days)
    if extended is None:
        raise Invalid(
            {"extra_days": [f"A purchase can be reopened by no more than {LONGEST_WINDOW_DAYS} days altogether."]}
        )
    db.session.add(
        Reopening(
            purchase_id=extended.id,
            extra_days=extra_days,
            new_expiry=extended.effective_expiry,
            reopened_by_id=caller.user_id,
            reopened_by_name=caller.name,
            reopened_at=clock.now(),
            note=note,
        )
    )
    audit.record(
        caller,
        "purchase.reopened",
        extended,
        extra_days=extra_days,
        effective_expiry=iso_z(extended.effective_expiry),
    )
    tell_of_reopening(extended.id, extra_days)
    db.session.flush()
    return find_purchase(caller, extended.id)


def extend_window(purchase_id: int, extra_days: int) -> Purchase | None:
    """Move the end of a purchase in one statement, so that two reopenings at once add up; return it.

    None where the reopenings would exceed the longest window together.
    """
    # In hours: PostgreSQL's days are calendar days of the session's time zone.
    extension = func.make_interval(0, 0, 0, 0, 24 * extra_days)
    return db.session.scalar(
        update(Purchase)
        .where(Purchase.id == purchase_id, Purchase.extra_days + extra_days <= LONGEST_WINDOW_DAYS)
        .values(
            effective_expiry=func.greatest(Purchase.effective_expiry, clock.now()) + extension,
            extra_days=Purchase.extra_days + extra_days,
        )
        .returning(Purchase)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
