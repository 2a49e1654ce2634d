"""The WSGI entry point: `wsgi:app`, for any server."""

from edutrack import create_app

app = create_app()
