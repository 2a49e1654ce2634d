"""How cards lie on paper: a table of layouts, every measure in millimetres. A further layout is a further row."""

from dataclasses import dataclass

from edutrack.core.errors import NotFound


@dataclass(frozen=True)
class Layout:
    """A page of equal cards without gaps between them, in the middle of the paper, so that one cut parts two cards.

    A4 pages have crop marks. A roll has cut lines from edge to edge, is as long as the cards on it, and is printed in
    black alone: thermal paper knows no other colour.
    """

    name: str
    columns: int
    #: At most, on a roll: no printer takes a page of any length.
    rows: int
    card_width: float
    card_height: float
    #: From a card's edge to what is printed on it: what a knife may miss by.
    padding: float
    #: Width of the panel that the scratch label covers; it is as high as the card's padding leaves it.
    scratch_width: float
    qr_size: float
    #: Size of all writing, against that of the sheet of 24.
    text_scale: float
    page_width: float = 210
    page_height: float = 297
    is_roll: bool = False

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

    def height_with(self, cards: int) -> float:
        """Return the height of a page that has so many cards."""
        return 2 * self.top_margin + cards * self.card_height if self.is_roll else self.page_height


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout(
            name="a4-10",
            columns=2,
            rows=5,
            # As bank cards are, so that wallets take them.
            card_width=85.6,
            card_height=54,
            padding=3,
            scratch_width=34,
            qr_size=28,
            text_scale=1.55,
        ),
        Layout(
            name="a4-24",
            columns=3,
            rows=8,
            card_width=64,
            card_height=34,
            padding=2.2,
            scratch_width=23,
            qr_size=17,
            text_scale=1.0,
        ),
        Layout(
            name="a4-40",
            columns=4,
            rows=10,
            card_width=48.5,
            card_height=25.4,
            padding=1.8,
            scratch_width=16.4,
            qr_size=13.8,
            text_scale=0.78,
        ),
        Layout(
            name="receipt-80",
            columns=1,
            rows=6,
            # What the head of an 80 mm printer reaches.
            card_width=72,
            card_height=47,
            padding=2.5,
            scratch_width=29,
            qr_size=23,
            text_scale=1.3,
            page_width=80,
            page_height=290,
            is_roll=True,
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
