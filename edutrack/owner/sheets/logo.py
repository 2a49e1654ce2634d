"""The site's logo as cards carry it."""

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from edutrack.core.files import is_stored, read_stored


@dataclass(frozen=True)
class Logo:
    """A picture that stands on cards in place of the site's name."""

    content: bytes
    mimetype: str

    @property
    def url(self) -> str:
        """A URL that holds the picture itself: a page that shows it has nothing to load."""
        return f"data:{self.mimetype};base64,{b64encode(self.content).decode()}"


def stored_logo(name: str | None) -> Logo | None:
    """Return the logo that is stored under a name; None where there is none, or its file has been lost."""
    if name is None or not is_stored(name):
        return None
    content = read_stored(name)
    with Image.open(BytesIO(content)) as picture:
        return Logo(content, str(picture.get_format_mimetype()))
