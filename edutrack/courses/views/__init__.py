"""Routes of the courses room."""

from edutrack.courses.views import enrollments, purchases
from edutrack.courses.views.room import blueprint

__all__ = ["blueprint", "enrollments", "purchases"]
