"""A school as large as one can become, for measuring: every row follows from its number."""
