"""The site's logo as cards carry it: a picture that needs nothing to be loaded."""

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from edutrack.core.files import is_stored, read_stored


@dataclass(frozen=True)
class Logo:
    """A picture that stands on cards in place of the site's name."""

    #: A URL that holds the picture itself.
    url: str
    width: int
    height: int

    @property
    def svg(self) -> str:
        """The picture within an SVG, for the typesetter, which takes its sources as texts."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}">'
            f'<image width="{self.width}" height="{self.height}" href="{self.url}"/></svg>'
        )


def stored_logo(name: str | None) -> Logo | None:
    """Return the logo that is stored under a name; None where there is none, or its file has been lost."""
    if name is None or not is_stored(name):
        return None
    content = read_stored(name)
    with Image.open(BytesIO(content)) as picture:
        return Logo(f"data:{picture.get_format_mimetype()};base64,{b64encode(content).decode()}", *picture.size)
