"""Routes of the quizzes room."""

from edutrack.quizzes import models
from edutrack.quizzes.views import analysis, attempts, bank, homeworks, quizzes, submissions
from edutrack.quizzes.views.room import blueprint

__all__ = ["analysis", "attempts", "bank", "blueprint", "homeworks", "models", "quizzes", "submissions"]
