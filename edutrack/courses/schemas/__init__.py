"""Bodies of the courses room."""
