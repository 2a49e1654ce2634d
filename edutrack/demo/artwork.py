"""Pictures and papers of the demo school, drawn by the code: no file of anybody else's goes along."""

from io import BytesIO

from PIL import Image, ImageDraw
from werkzeug.datastructures import FileStorage

Colour = tuple[int, int, int]

_SKIN: Colour = (224, 186, 150)
_WHITE: Colour = (250, 250, 248)


def portrait(background: Colour, clothes: Colour, *, veiled: bool) -> FileStorage:
    """Return a plain drawn portrait, as an upload."""
    picture = Image.new("RGB", (320, 320), background)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((40, 220, 280, 460), fill=clothes)
    if veiled:
        draw.ellipse((92, 62, 228, 262), fill=clothes)
        draw.ellipse((112, 88, 208, 208), fill=_SKIN)
    else:
        draw.rectangle((138, 180, 182, 236), fill=_SKIN)
        draw.ellipse((102, 66, 218, 210), fill=_SKIN)
        draw.chord((100, 58, 220, 200), 180, 360, fill=(52, 40, 34))
    return _as_upload(picture, "portrait.png")


def cover(background: Colour, ink: Colour) -> FileStorage:
    """Return a course's cover, a pattern of eight-pointed stars, as an upload."""
    picture = Image.new("RGB", (640, 360), background)
    draw = ImageDraw.Draw(picture)
    for left in range(0, 640, 80):
        for top in range(20, 360, 80):
            x, y = left + 40, top + 40
            draw.rectangle((x - 22, y - 22, x + 22, y + 22), outline=ink, width=3)
            draw.polygon([(x, y - 31), (x + 31, y), (x, y + 31), (x - 31, y)], outline=ink, width=3)
    draw.rectangle((0, 150, 640, 210), fill=_WHITE)
    return _as_upload(picture, "cover.png")


def worksheet(title: str, lines: int = 12) -> FileStorage:
    """Return a one-page PDF with an ASCII title and lines to write on, as an upload."""
    ruled = " ".join(f"60 {700 - 45 * line} m 535 {700 - 45 * line} l S" for line in range(lines))
    page = f"BT /F1 20 Tf 60 770 Td ({title}) Tj ET 0.6 w {ruled}".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    document, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    document += b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        table,
        size,
        len(document),
    )
    return FileStorage(BytesIO(document), filename="worksheet.pdf")


def _as_upload(picture: Image.Image, name: str) -> FileStorage:
    content = BytesIO()
    picture.save(content, "PNG")
    content.seek(0)
    return FileStorage(content, filename=name)
