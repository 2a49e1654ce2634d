"""Pictures that people upload: judged by their bytes, bounded before they are decoded, and encoded anew."""

import struct
from io import BytesIO
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from edutrack.core.errors import Invalid
from edutrack.core.files import PUBLIC_FOLDER, save_file

MAX_PIXELS = 20_000_000
#: Longest side that is kept; nothing on a page needs more.
_LONGEST_SIDE = 1600
_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
# Pillow would warn at one size and refuse at another; ours is judged below, before anything is decoded.
Image.MAX_IMAGE_PIXELS = None
_REFUSAL = "Upload a valid image. The file you uploaded was either not an image or a corrupted image."


#: What Pillow raises, according to where in the bytes the damage is.
_BROKEN = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, struct.error)


def save_picture(upload: BinaryIO, field: str, *, longest_side: int = _LONGEST_SIDE) -> str:
    """Store a JPEG, PNG or WebP picture without its metadata; return its name.

    A larger picture is made smaller, so that no side is longer than `longest_side`.
    Raises Invalid under `field` where the bytes are no such picture, or one of more than 20 million pixels.
    """
    try:
        # The header alone is read here: a bomb is refused before a pixel of it is decoded.
        with Image.open(upload, formats=tuple(_EXTENSIONS)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Invalid({field: ["Ensure this image has no more than 20000000 pixels."]})
            extension = _EXTENSIONS[str(picture.format)]
            clean = _encoded_anew(picture, str(picture.format), longest_side)
    except _BROKEN:
        raise Invalid({field: [_REFUSAL]}) from None
    return save_file(clean, f"{PUBLIC_FOLDER}/pictures", extension)


def _encoded_anew(picture: Image.Image, kind: str, longest_side: int) -> BytesIO:
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((longest_side, longest_side))
    colours = "RGB" if kind == "JPEG" or upright.mode in ("RGB", "L", "CMYK", "YCbCr") else "RGBA"
    # A fresh image takes over pixels alone: no EXIF, no comments, no profile.
    plain = Image.new(colours, upright.size)
    plain.paste(upright.convert(colours))
    content = BytesIO()
    plain.save(content, kind, quality=85)
    content.seek(0)
    return content
