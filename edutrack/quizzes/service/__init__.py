"""Writes of the quizzes room."""
