"""The one place where money moves: codes, the ledger, redeeming, buying, correcting."""

from edutrack.wallet.service.adjusting import adjust_balance
from edutrack.wallet.service.buying import buy_lecture
from edutrack.wallet.service.issuing import (
    BatchPlan,
    issue_batch,
    issue_code,
    plan_batch,
    record_export,
    record_listing,
)
from edutrack.wallet.service.redeeming import Redeemed, redeem_code
from edutrack.wallet.service.voiding import void_batch, void_code

__all__ = [
    "BatchPlan",
    "Redeemed",
    "adjust_balance",
    "buy_lecture",
    "issue_batch",
    "issue_code",
    "plan_batch",
    "record_export",
    "record_listing",
    "redeem_code",
    "void_batch",
    "void_code",
]
