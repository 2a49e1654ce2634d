"""How cards lie on paper: a table of layouts, every measure in millimetres. A further layout is a further row."""

from dataclasses import dataclass

from edutrack.core.errors import NotFound


@dataclass(frozen=True)
class Layout:
    """A sheet of equal cards without gaps between them, in the middle of the paper, so that one cut parts two cards."""

    name: str
    page_width: float
    page_height: float
    columns: int
    rows: int
    card_width: float
    card_height: float
    #: From a card's edge to what is printed on it: what a knife may miss by.
    padding: float
    #: Width of the panel that the scratch label covers; it is as high as the card's padding leaves it.
    scratch_width: float
    qr_size: float
    #: Size of all writing, against that of the sheet of 24.
    text_scale: float = 1.0
    crop_marks: bool = True

    @property
    def cards_per_page(self) -> int:
        """How many cards one page takes."""
        return self.columns * self.rows

    @property
    def side_margin(self) -> float:
        """Paper left and right of the cards."""
        return (self.page_width - self.columns * self.card_width) / 2

    @property
    def top_margin(self) -> float:
        """Paper above and below the cards."""
        return (self.page_height - self.rows * self.card_height) / 2


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout(
            name="a4-24",
            page_width=210,
            page_height=297,
            columns=3,
            rows=8,
            card_width=64,
            card_height=34,
            padding=2.2,
            scratch_width=23,
            qr_size=17,
        ),
    )
}
DEFAULT_LAYOUT = "a4-24"


def find_layout(name: str) -> Layout:
    """Return the layout of that name; raises NotFound."""
    try:
        return LAYOUTS[name]
    except KeyError:
        raise NotFound() from None
