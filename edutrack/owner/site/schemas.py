"""What the site's settings take."""

from edutrack.core.fields import Text, Upload
from edutrack.core.schemas import Schema
from edutrack.owner.models import CARD_INSTRUCTIONS_LENGTH, SITE_NAME_LENGTH


class SiteChangesSchema(Schema):
    """The settings as they are to be; without a logo the site keeps the one that it has, null removes it."""

    site_name = Text(longest=SITE_NAME_LENGTH, required=True)
    card_instructions = Text(longest=CARD_INSTRUCTIONS_LENGTH, required=True)
    logo = Upload(allow_none=True)
