"""The blueprint that the modules of this folder hang their routes on."""

from flask import Response

from edutrack.core.blueprint import Blueprint

blueprint = Blueprint("accounts", __name__, description="Signing in, and the people of the school")


def failed(response: Response) -> bool:
    """Return whether a request counts for a limit of failures."""
    return response.status_code >= 400
