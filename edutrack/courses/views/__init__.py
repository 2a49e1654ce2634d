"""Routes of the courses room."""

from edutrack.courses.views import courses, enrollments, lectures, materials, purchases, topics, videos, watching
from edutrack.courses.views.room import blueprint

__all__ = ["blueprint", "courses", "enrollments", "lectures", "materials", "purchases", "topics", "videos", "watching"]
