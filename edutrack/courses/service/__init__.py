"""The rules of courses: what may be taught, who may learn it, and for how long."""
