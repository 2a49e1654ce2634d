"""Schemas of the quizzes room."""
