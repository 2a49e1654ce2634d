"""Routes of the courses room."""

from edutrack.courses.views import courses, enrollments, lectures, materials, purchases, topics, videos
from edutrack.courses.views.room import blueprint

__all__ = ["blueprint", "courses", "enrollments", "lectures", "materials", "purchases", "topics", "videos"]
