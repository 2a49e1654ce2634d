"""The blueprint that the modules of this folder hang their routes on."""

from edutrack.core.blueprint import Blueprint

blueprint = Blueprint("quizzes", __name__, description="Question bank, homework, quizzes")
