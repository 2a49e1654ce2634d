"""The blueprint that the modules of this folder hang their routes on."""

from edutrack.core.blueprint import Blueprint

blueprint = Blueprint("wallet", __name__, description="Recharge codes, balances, the ledger, buying")
