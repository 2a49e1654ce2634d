"""Codes, balances, the ledger and buying."""

import re

from tests.documented.courses import PURCHASE
from tests.documented.kinds import Nullable, boolean, decimal, integer, moment, page, string, word

BALANCE = {
    "id": integer,
    "student": integer,
    "student_name": string,
    "student_code": string,
    "course": integer,
    "course_name": string,
    "teacher_name": string,
    "balance": decimal,
    "updated_at": moment,
}
REDEEMED = {"detail": word("Code redeemed successfully."), "new_balance": decimal, "transaction_id": integer}
ENTRY = {
    "id": integer,
    "course": integer,
    "course_name": string,
    "type": word("recharge_code", "purchase", "adjustment"),
    "amount": decimal,
    "balance_after": decimal,
    "reference": Nullable(string),
    "note": Nullable(string),
    "created_at": moment,
}
CODE = {
    "id": integer,
    "course": integer,
    "course_name": string,
    "teacher_name": string,
    "code": lambda value: re.fullmatch(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){3}", value) is not None,
    "value": decimal,
    "is_used": boolean,
    "used_by": Nullable(integer),
    "used_by_name": Nullable(string),
    "used_at": Nullable(moment),
    "created_at": moment,
    "expires_at": Nullable(moment),
    "created_by": integer,
    "created_by_username": string,
}

#: Who asks, with what, and the documented body of the answer. `{…}` are ids of the school's things.
BODIES = {
    "balances": ("student", "GET", "wallet/balances/", None, [BALANCE]),
    "codes": ("owner", "GET", "wallet/recharge-codes/", None, page(CODE)),
    "code": ("owner", "GET", "wallet/recharge-codes/{code}/", None, CODE),
    "new code": ("owner", "POST", "wallet/recharge-codes/", {"course": "{course}", "value": "5.00"}, CODE),
    "ledger": ("student", "GET", "wallet/transactions/", None, page(ENTRY)),
    "redeeming": ("student", "POST", "wallet/redeem/", {"code": "{unused}", "course": "{course}"}, REDEEMED),
    "buying": ("student", "POST", "purchases/", {"lecture": "{free}"}, PURCHASE | {"reopen_logs": word([])}),
}
