"""Video platforms that let nobody in without a token of ours: one module for each."""

from edutrack.courses.service.providers.errors import NotPlayableNow

__all__ = ["NotPlayableNow"]
