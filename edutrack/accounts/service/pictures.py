"""Profile pictures of teachers and assistants."""

from collections.abc import Mapping
from typing import Any

from edutrack.accounts.models import Assistant, Teacher
from edutrack.core.files import remove_file
from edutrack.core.images import save_picture


def assign_picture(profile: Teacher | Assistant, values: Mapping[str, Any]) -> None:
    """Replace or remove a profile's picture where `values` has one or None for it.

    The file of the former picture goes with the commit. Raises Invalid where the upload is no picture.
    """
    if "profile_picture" not in values:
        return
    upload = values["profile_picture"]
    remove_file(profile.profile_picture)
    profile.profile_picture = None if upload is None else save_picture(upload.stream, "profile_picture")
