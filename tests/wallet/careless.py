"""What the ledger would do if it read a balance first and wrote it afterwards."""

import time
from decimal import Decimal

from sqlalchemy import select, update

from edutrack.core.extensions import db
from edutrack.wallet.models import BalanceTransaction, CourseBalance
from edutrack.wallet.service.ledger import Entry


def debit_carelessly(student_id, course_id, amount, source, at):
    """Take an amount from a balance that holds it when it is read; meanwhile others may read it as well."""
    balance = {"student_id": student_id, "course_id": course_id}
    held = db.session.scalar(select(CourseBalance.balance).filter_by(**balance)) or Decimal(0)
    time.sleep(0.2)
    if held < amount:
        return None
    db.session.execute(update(CourseBalance).filter_by(**balance).values(balance=held - amount))
    ids = {f"{name}_id": value for name, value in source.named().items()}
    entry = BalanceTransaction(**balance, **ids, amount=-amount, balance_after=held - amount, created_at=at)
    db.session.add(entry)
    db.session.flush()
    return Entry(entry.id, entry.balance_after)
