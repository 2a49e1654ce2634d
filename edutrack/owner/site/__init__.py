"""What the site owner says of the site: its name, its logo, and what stands on cards."""

from edutrack.owner.site.queries import site_settings
from edutrack.owner.site.service import change_site

__all__ = ["change_site", "site_settings"]
