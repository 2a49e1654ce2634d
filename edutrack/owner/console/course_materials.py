"""Study materials of a lecture: uploading, renaming, replacing and deleting them."""

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from wtforms import FileField, StringField

from edutrack.courses.models import NAME_LENGTH
from edutrack.courses.queries.scope import find_lecture, find_material
from edutrack.courses.schemas.materials import MaterialChangesSchema, NewMaterialSchema
from edutrack.courses.service import materials as service
from edutrack.owner.console.access import page
from edutrack.owner.console.course_lectures import lecture_url, trail_to_lecture
from edutrack.owner.console.forms import Switch
from edutrack.owner.console.once import NewForm, made_once
from edutrack.owner.console.pages import ConsoleView

# The lecture stands in the address.
_NEW = NewMaterialSchema(exclude=("lecture",))
_CHANGES = MaterialChangesSchema(partial=True, exclude=("lecture",))


class MaterialForm(NewForm):
    """A file that goes with a lecture."""

    title = StringField(_("Title"), render_kw={"maxlength": NAME_LENGTH, "dir": "auto"})
    file = FileField(
        _("File"),
        description=_("PDF, picture, Word, Excel, PowerPoint or plain text."),
        render_kw={"accept": ".pdf,.jpg,.jpeg,.png,.webp,.docx,.xlsx,.pptx,.txt"},
    )
    is_active = Switch(_("Students see the file"), default=True)


class MaterialPages(ConsoleView):
    """The pages of study materials."""

    @page("/lectures/<int:lecture_id>/materials/new/", methods=("GET", "POST"))
    def new_material(self, lecture_id: int) -> ResponseReturnValue:
        """Upload a file for a lecture."""
        lecture = find_lecture(self.caller, lecture_id)

        def create(values: dict[str, Any]) -> int:
            return made_once(
                self.caller,
                "material",
                values,
                lambda: service.create_material(self.caller, lecture=lecture_id, **values),
            )

        return self.form_page(
            MaterialForm(),
            create,
            schema=_NEW,
            done=_("The file has been added."),
            to=lecture_url(lecture),
            title=_("New file"),
            trail=trail_to_lecture(lecture),
            submit=_("Upload the file"),
            back=lecture_url(lecture),
            multipart=True,
        )

    @page("/materials/<int:material_id>/", methods=("GET", "POST"))
    def edit_material(self, material_id: int) -> ResponseReturnValue:
        """Show a study material, rename it or replace its file."""
        material = find_material(self.caller, material_id)
        form = MaterialForm(data={"title": material.title, "is_active": material.is_active})
        form.file.description = _("Without another file, %(name)s stays.", name=material.file_name)
        return self.form_page(
            form,
            lambda values: service.change_material(self.caller, material, **values),
            schema=_CHANGES,
            done=_("The file has been changed."),
            to=lecture_url(material.lecture),
            template="console/courses/part.html",
            title=material.title,
            trail=trail_to_lecture(material.lecture),
            back=lecture_url(material.lecture),
            multipart=True,
            delete_url=url_for(f"{self.endpoint}.delete_material", material_id=material_id),
            delete_label=_("Delete the file"),
            delete_question=_("Shall the file go? Students who have bought the lecture lose it too."),
        )

    @page("/materials/<int:material_id>/delete/", methods=("POST",))
    def delete_material(self, material_id: int) -> ResponseReturnValue:
        """Delete a study material and its file."""
        material = find_material(self.caller, material_id)
        return self.act(
            lambda: service.delete_material(self.caller, material),
            done=_("The file has been deleted."),
            to=lecture_url(material.lecture),
        )
