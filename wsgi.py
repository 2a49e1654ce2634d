"""The WSGI entry point: `wsgi:app`, for any server."""

from edutrack import create_app
from edutrack.core.durability import warn_of_losses

app = create_app()
with app.app_context():
    warn_of_losses()
