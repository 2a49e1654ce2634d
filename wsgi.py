"""The WSGI entry point: `wsgi:app`, for any server."""

from edutrack import create_app
from edutrack.core.durability import warn_of_losses
from edutrack.core.sealing import require_key

app = create_app()
with app.test_request_context():
    warn_of_losses()
    require_key()
