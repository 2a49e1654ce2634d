"""The description of the API: an OpenAPI document made from the routes themselves, and the page that shows it."""

from edutrack.core.openapi.document import DescribedApi, describe
from edutrack.core.openapi.views import blueprint

__all__ = ["DescribedApi", "blueprint", "describe"]
