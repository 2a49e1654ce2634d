"""The one place where money moves: codes, the ledger, redeeming, buying."""

from edutrack.wallet.service.buying import buy_lecture
from edutrack.wallet.service.issuing import issue_batch, issue_code, record_listing
from edutrack.wallet.service.redeeming import Redeemed, redeem_code

__all__ = ["Redeemed", "buy_lecture", "issue_batch", "issue_code", "record_listing", "redeem_code"]
