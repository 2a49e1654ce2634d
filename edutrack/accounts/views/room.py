"""The blueprint that the modules of this folder hang their routes on."""

from edutrack.core.blueprint import Blueprint

blueprint = Blueprint("accounts", __name__, description="Signing in, and the people of the school")
