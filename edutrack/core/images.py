"""Pictures that people upload: judged by their bytes, bounded before they are decoded, and encoded anew."""

import struct
from io import BytesIO
from itertools import product
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from edutrack.core.errors import Invalid
from edutrack.core.files import PUBLIC_FOLDER, save_file

MAX_PIXELS = 20_000_000
#: A WebP takes four times its pixels' memory while it is decoded, anything else not twice.
_MOST_PIXELS = {"JPEG": MAX_PIXELS, "PNG": MAX_PIXELS, "WEBP": 8_000_000}
#: Of a picture that is all length, the list of its rows alone would take more than its pixels.
_LONGEST_SIDE_TAKEN = 20_000
#: Longest side that is kept; nothing on a page needs more.
_LONGEST_SIDE = 1600
#: Side of the tiles, as they are kept, that are made of the decoded picture one by one: it is never there twice.
_TILE = 256
_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
# Pillow would warn at one size and refuse at another; ours is judged below, before anything is decoded.
Image.MAX_IMAGE_PIXELS = None
_REFUSAL = "Upload a valid image. The file you uploaded was either not an image or a corrupted image."


#: What Pillow raises, according to where in the bytes the damage is.
_BROKEN = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, struct.error)


def save_picture(upload: BinaryIO, field: str, *, longest_side: int = _LONGEST_SIDE) -> str:
    """Store a JPEG, PNG or WebP picture without its metadata; return its name (rules.md, "Pictures").

    A larger picture is made smaller, so that no side is longer than `longest_side`.
    Raises Invalid under `field` where the bytes are no such picture, or one of more than 20 million pixels (a WebP:
    eight million).
    """
    try:
        # The header alone is read here: a bomb is refused before a pixel of it is decoded.
        with Image.open(upload, formats=tuple(_EXTENSIONS)) as picture:
            kind = str(picture.format)
            if picture.width * picture.height > _MOST_PIXELS[kind]:
                raise Invalid({field: [f"Ensure this image has no more than {_MOST_PIXELS[kind]} pixels."]})
            if max(picture.size) > _LONGEST_SIDE_TAKEN:
                raise Invalid(
                    {field: [f"Ensure this image is no more than {_LONGEST_SIDE_TAKEN} pixels wide or high."]}
                )
            clean = _encoded_anew(picture, kind, longest_side)
    except _BROKEN:
        raise Invalid({field: [_REFUSAL]}) from None
    return save_file(clean, f"{PUBLIC_FOLDER}/pictures", _EXTENSIONS[kind])


def _encoded_anew(picture: Image.Image, kind: str, longest_side: int) -> BytesIO:
    colours = "RGB" if kind == "JPEG" or picture.mode in ("RGB", "L", "CMYK", "YCbCr") else "RGBA"
    # A JPEG can be decoded smaller than it is.
    picture.draft(None, (longest_side, longest_side))
    smaller = _reduced(picture, colours, longest_side)
    smaller.thumbnail((longest_side, longest_side))
    upright = ImageOps.exif_transpose(smaller)
    # A fresh image takes over pixels alone: no EXIF, no comments, no profile.
    plain = Image.new(colours, upright.size)
    plain.paste(upright)
    content = BytesIO()
    plain.save(content, kind, quality=85)
    content.seek(0)
    return content


def _reduced(picture: Image.Image, colours: str, longest_side: int) -> Image.Image:
    """Return the picture in these colours, by a whole factor smaller, with what it says of its orientation."""
    factor = max(1, max(picture.size) // longest_side)
    reduced = Image.new(colours, (-(-picture.width // factor), -(-picture.height // factor)))
    for left, top in product(range(0, reduced.width, _TILE), range(0, reduced.height, _TILE)):
        right, bottom = min((left + _TILE) * factor, picture.width), min((top + _TILE) * factor, picture.height)
        tile = picture.crop((left * factor, top * factor, right, bottom)).convert(colours)
        reduced.paste(tile.reduce(factor) if factor > 1 else tile, (left, top))
    reduced.info = picture.info
    return reduced
