"""The blueprint that the modules of this folder hang their routes on."""

from edutrack.core.blueprint import Blueprint

blueprint = Blueprint("courses", __name__, description="Courses, enrolments, access, watching")
