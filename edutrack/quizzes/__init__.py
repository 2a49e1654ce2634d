"""Question bank, homework, quizzes and their attempts."""
