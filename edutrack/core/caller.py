"""Who is asking: the caller of an API request or of the console, as every service and query takes it."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a user is; it never changes."""

    SITE_OWNER = "siteowner"
    TEACHER = "teacher"
    ASSISTANT = "assistant"
    STUDENT = "student"


@dataclass(frozen=True, slots=True)
class Caller:
    """One signed-in user, read with a single statement at the start of a request."""

    user_id: int
    session_id: int | None
    username: str
    role: Role
    #: Name to show; the Arabic one for a student.
    name: str
    is_active: bool
    #: Id of the student, teacher or assistant profile; None for a site owner.
    profile_id: int | None = None
    #: The teacher whose courses this caller works in: a teacher's own id, an assistant's teacher; None otherwise.
    teacher_id: int | None = None
    #: Whether that teacher's account is active.
    teacher_is_active: bool = True
    #: A student's status; None for everybody else.
    status: str | None = None

    @property
    def is_site_owner(self) -> bool:
        """Whether the caller runs the whole site."""
        return self.role is Role.SITE_OWNER

    @property
    def student_id(self) -> int:
        """The student's profile id; only where a guard let nobody but students through."""
        if self.role is not Role.STUDENT or self.profile_id is None:
            raise TypeError(f"User {self.user_id} is no student; the route lacks its guard.")
        return self.profile_id

    @property
    def can_access_course(self) -> bool:
        """Whether a student may use courses (rules.md, "Blocked accounts")."""
        return self.status == "verified" and self.is_active
