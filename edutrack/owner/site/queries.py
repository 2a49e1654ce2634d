"""What the site is called and looks like."""

from sqlalchemy import select

from edutrack.core.extensions import db
from edutrack.owner.models import SiteSettings


def site_settings() -> SiteSettings:
    """Return what the site owner says of the site (rules.md, "The site's settings"); the one row is always there."""
    return db.session.scalars(select(SiteSettings)).one()


def lock_site_settings() -> SiteSettings:
    """Return the same to be changed: whoever else changes it waits, and then sees what it has become."""
    statement = select(SiteSettings).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(statement).one()
