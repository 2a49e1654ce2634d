"""Changing what the site is called and looks like."""

from typing import Any

from edutrack.core import audit
from edutrack.core.caller import Caller
from edutrack.core.extensions import db
from edutrack.core.files import remove_file
from edutrack.core.images import save_picture
from edutrack.owner.models import SiteSettings
from edutrack.owner.site.queries import lock_site_settings

#: Longest side of a logo: sharp on the largest card, and small in a PDF that holds it once for every few pages.
_LOGO_SIDE = 800


def change_site(caller: Caller, **values: Any) -> SiteSettings:
    """Change what of `site_name`, `logo` and `card_instructions` is given (rules.md, "The site's settings").

    `logo` is an upload, or None to remove the picture. Raises Invalid where the upload is no picture. What is as it was
    before is no change, and is not recorded as one.
    """
    settings = lock_site_settings()
    # On a card every text is one paragraph.
    texts = {name: " ".join(value.split()) for name, value in values.items() if name != "logo"}
    changes = {name: text for name, text in texts.items() if getattr(settings, name) != text}
    for name, text in changes.items():
        setattr(settings, name, text)
    if "logo" in values and (values["logo"] or settings.logo):
        remove_file(settings.logo)
        settings.logo = values["logo"] and save_picture(values["logo"].stream, "logo", longest_side=_LOGO_SIDE)
        changes["logo"] = "removed" if settings.logo is None else "replaced"
    if changes:
        audit.record(caller, "settings.changed", settings, **changes)
    db.session.flush()
    return settings
