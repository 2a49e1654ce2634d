"""A lecture with its teacher and a buyer: what the tests of homework and quizzes begin with."""

import pytest

from tests.factories import create_lecture, create_purchase, create_student


@pytest.fixture
def lecture(app):
    return create_lecture()


@pytest.fixture
def owner_of_it(lecture):
    """The teacher whose lecture it is."""
    return lecture.topic.course.teacher


@pytest.fixture
def teacher(api, owner_of_it):
    return api.as_(owner_of_it)


@pytest.fixture
def student(api, lecture):
    """A student who has bought the lecture."""
    student = create_student()
    create_purchase(student, lecture)
    return api.as_(student)
