"""What the operator of a school can mend."""


class OperationError(Exception):
    """A command on the school as a whole was refused or failed; the message says in one line what to do."""
