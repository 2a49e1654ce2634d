"""Routes of the quizzes room."""

from edutrack.quizzes import models
from edutrack.quizzes.views import analysis, bank, homeworks, quizzes, submissions
from edutrack.quizzes.views.room import blueprint

__all__ = ["analysis", "bank", "blueprint", "homeworks", "models", "quizzes", "submissions"]
