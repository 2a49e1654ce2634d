"""What a student is told when a provider's player cannot be opened."""

from edutrack.core.errors import Forbidden


class NotPlayableNow(Forbidden):
    """Nothing is wrong with the link, but the video's platform does not let it play."""

    def __init__(self) -> None:
        super().__init__("This video cannot be played at the moment.")
