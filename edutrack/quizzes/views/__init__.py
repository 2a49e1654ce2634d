"""Routes of the quizzes room."""

from edutrack.quizzes import models
from edutrack.quizzes.views import bank, homeworks, quizzes
from edutrack.quizzes.views.room import blueprint

__all__ = ["bank", "blueprint", "homeworks", "models", "quizzes"]
