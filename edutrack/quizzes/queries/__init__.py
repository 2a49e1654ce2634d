"""Reads of the quizzes room."""
