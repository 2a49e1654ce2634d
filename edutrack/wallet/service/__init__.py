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
from edutrack.wallet.service.voiding import VoidPlan, plan_void_range, void_batch, void_code, void_range

__all__ = [
    "BatchPlan",
    "Redeemed",
    "VoidPlan",
    "adjust_balance",
    "buy_lecture",
    "issue_batch",
    "issue_code",
    "plan_batch",
    "plan_void_range",
    "record_export",
    "record_listing",
    "redeem_code",
    "void_batch",
    "void_code",
    "void_range",
]
