"""Running a school: backups and their restoring, and keys that are replaced."""
