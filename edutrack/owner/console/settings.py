"""What the site is called and looks like, and what stands on its cards."""

from typing import Any

from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from wtforms import FileField, StringField, TextAreaField

from edutrack.core.files import public_url
from edutrack.owner.console.access import page
from edutrack.owner.console.forms import ConsoleForm
from edutrack.owner.console.pages import ConsoleView
from edutrack.owner.models import CARD_INSTRUCTIONS_LENGTH, SITE_NAME_LENGTH
from edutrack.owner.site import change_site, site_settings
from edutrack.owner.site.schemas import SiteChangesSchema


class SettingsForm(ConsoleForm):
    """The site's settings."""

    site_name = StringField(
        _("Name of the site"),
        description=_("Stands over every page of the console, and on cards that have no logo."),
        render_kw={"maxlength": SITE_NAME_LENGTH, "dir": "auto"},
    )
    logo = FileField(
        _("Logo"),
        description=_("JPEG, PNG or WebP, best wide and on white. It stands on cards in place of the name."),
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )
    card_instructions = TextAreaField(
        _("Instructions on cards"),
        description=_("In Arabic. The address at which codes are typed in follows below them."),
        render_kw={"maxlength": CARD_INSTRUCTIONS_LENGTH, "rows": 2, "lang": "ar", "dir": "rtl"},
    )


class SettingsView(ConsoleView):
    """The site's settings."""

    title = _("Settings")
    section = _("The site")
    icon = "settings"
    slug = "settings"

    @page("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """Show the settings, and change them."""
        settings = site_settings()
        return self.form_page(
            SettingsForm(obj=settings),
            self._change,
            schema=SiteChangesSchema(),
            done=_("The settings have been saved."),
            template="console/settings.html",
            logo=public_url(settings.logo),
        )

    def _change(self, values: dict[str, Any]) -> None:
        change_site(self.caller, **values)
