"""Reading notifications: the own ones, in one's own language, and noting that they were read."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from edutrack.core.extensions import db
from edutrack.core.fields import iso_z
from edutrack.notifications.models import NOTIFICATION_TYPES, Notification
from edutrack.notifications.texts import TEMPLATES
from tests.api import counted_statements
from tests.factories import (
    create_assistant,
    create_notification,
    create_site_owner,
    create_student,
    create_teacher,
)

PATH = "/api/notifications/"
MISSING = {"error": "Notification not found"}


@pytest.fixture
def student(app):
    return create_student()


def read_ids():
    db.session.rollback()
    return set(db.session.scalars(select(Notification.id).where(Notification.is_read)))


class TestList:
    def test_the_newest_comes_first_with_the_documented_body(self, api, student):
        older = create_notification(student)
        newer = create_notification(student, "account_status_changed", params={"state": "verified"}, is_read=True)
        create_notification(create_student())

        response = api.as_(student).get(PATH)

        assert response.status_code == 200
        assert response.json == {
            "count": 2,
            "next": None,
            "previous": None,
            "results": [
                {
                    "id": newer.id,
                    "notification_type": "account_status_changed",
                    "notification_type_display": "Account status changed",
                    "title": "Your account has changed",
                    "message": "Your account is verified. You can now enrol in courses.",
                    "is_read": True,
                    "metadata": None,
                    "created_at": iso_z(newer.created_at),
                },
                {
                    "id": older.id,
                    "notification_type": "balance_added",
                    "notification_type_display": "Balance added",
                    "title": "Your balance has grown",
                    "message": "50.00 EGP were added to your balance in “فيزياء”.",
                    "is_read": False,
                    "metadata": {"course_id": 7, "transaction_id": 8},
                    "created_at": iso_z(older.created_at),
                },
            ],
        }

    @pytest.mark.parametrize(
        ("accepted", "title"),
        [
            (None, "Your balance has grown"),
            ("en", "Your balance has grown"),
            ("fr", "Your balance has grown"),
            ("*", "Your balance has grown"),
            ("ar;q=0", "Your balance has grown"),
            ("en-GB, ar;q=0.5", "Your balance has grown"),
            ("ar", "تمت إضافة رصيد"),
            ("ar-EG, en;q=0.8", "تمت إضافة رصيد"),
            ("fr, ar;q=0.4", "تمت إضافة رصيد"),
            ("\x7f;;q=x", "Your balance has grown"),
        ],
    )
    def test_the_language_is_the_reader_s(self, api, student, accepted, title):
        create_notification(student)

        response = api.as_(student).get(PATH, headers={"Accept-Language": accepted} if accepted else {})

        assert [item["title"] for item in response.json["results"]] == [title]

    def test_in_arabic_every_text_is(self, api, student):
        create_notification(student)

        (item,) = api.as_(student).get(PATH, headers={"Accept-Language": "ar"}).json["results"]

        assert (item["notification_type_display"], item["title"], item["message"]) == (
            "إضافة رصيد",
            "تمت إضافة رصيد",
            "تمت إضافة 50.00 جنيه إلى رصيدك في «فيزياء».",
        )

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("?is_read=true", [1]),
            ("?is_read=false", [0]),
            ("?notification_type=balance_added", [0]),
            ("?notification_type=account_status_changed&is_read=true", [1]),
            ("?notification_type=lecture_published", []),
            ("?all=true", [1, 0]),
        ],
    )
    def test_filters_narrow_it(self, api, student, query, found):
        made = [
            create_notification(student).id,
            create_notification(student, "account_status_changed", params={"state": "pending"}, is_read=True).id,
        ]

        response = api.as_(student).get(PATH + query)

        assert [item["id"] for item in response.json["results"]] == [made[index] for index in found]

    @pytest.mark.parametrize(
        ("query", "messages"),
        [
            ("?is_read=perhaps", {"is_read": ["Must be a valid boolean."]}),
            ("?notification_type=gossip", {"notification_type": ['"gossip" is not a valid choice.']}),
            ("?page_size=x", {"page_size": ["A valid integer is required."]}),
        ],
    )
    def test_a_bad_filter_is_refused(self, api, student, query, messages):
        response = api.as_(student).get(PATH + query)

        assert (response.status_code, response.json) == (400, messages)

    def test_a_page_costs_two_statements_however_many_there_are(self, api, student):
        client, counts = api.as_(student), []
        for _ in range(2):
            create_notification(student)
            create_notification(student)
            with counted_statements() as statements:
                assert client.get(PATH).status_code == 200
            counts.append(len(statements))

        assert counts == [2, 2]


class TestReading:
    def test_the_unread_ones_are_counted(self, api, student):
        create_notification(student)
        create_notification(student)
        create_notification(student, is_read=True)
        create_notification(create_student())

        with counted_statements() as statements:
            response = api.as_(student).get(f"{PATH}unread_count/")

        assert (response.status_code, response.json) == (200, {"count": 2})
        assert len([statement for statement in statements if "notifications" in statement]) == 1

    def test_one_is_marked_as_read_and_again_is_no_harm(self, api, student):
        notification, other = create_notification(student), create_notification(student)
        client = api.as_(student)

        with counted_statements() as statements:
            response = client.post(f"{PATH}{notification.id}/mark_read/")

        assert (response.status_code, response.json) == (200, {"message": "Notification marked as read"})
        assert len(statements) == 1
        assert client.post(f"{PATH}{notification.id}/mark_read/").status_code == 200
        assert read_ids() == {notification.id}
        assert other.id not in read_ids()

    @pytest.mark.parametrize("number", ["0", str(2**63), "9" * 30])
    def test_what_is_not_there_is_not_found(self, api, student, number):
        response = api.as_(student).post(f"{PATH}{number}/mark_read/")

        assert (response.status_code, response.json) == (404, MISSING)

    def test_another_user_s_reads_like_one_that_is_not_there(self, api, student):
        notification = create_notification(create_student())

        for person in (student, create_teacher(), create_site_owner()):
            response = api.as_(person).post(f"{PATH}{notification.id}/mark_read/")

            assert (response.status_code, response.json) == (404, MISSING)
        assert read_ids() == set()

    def test_all_of_one_s_own_are_marked_at_once(self, api, student):
        mine = {create_notification(student).id for _ in range(3)}
        create_notification(create_student())
        client = api.as_(student)

        with counted_statements() as statements:
            response = client.post(f"{PATH}mark_all_read/")

        assert (response.status_code, response.json) == (200, {"message": "All notifications marked as read"})
        assert len(statements) == 1
        assert read_ids() == mine
        assert client.get(f"{PATH}unread_count/").json == {"count": 0}


class TestWho:
    @pytest.mark.parametrize("make", [create_site_owner, create_teacher, create_assistant, create_student])
    def test_every_role_reads_its_own(self, api, make):
        person = make()
        notification = create_notification(person)

        response = api.as_(person).get(PATH)

        assert [item["id"] for item in response.json["results"]] == [notification.id]

    @pytest.mark.parametrize("status", ["pending", "declined", "suspended_temporary", "suspended_permanent"])
    def test_a_blocked_student_still_reads_them(self, api, status):
        student = create_student(status=status)
        notification = create_notification(student)
        client = api.as_(student)

        assert client.get(PATH).json["count"] == 1
        assert client.get(f"{PATH}unread_count/").json == {"count": 1}
        assert client.post(f"{PATH}{notification.id}/mark_read/").status_code == 200
        assert client.post(f"{PATH}mark_all_read/").status_code == 200

    def test_a_blocked_teacher_does_not(self, api):
        teacher = create_teacher(is_active=False)

        response = api.as_(teacher).get(PATH)

        assert response.status_code == 403
        assert response.json == {"detail": "Your account is inactive. Please contact an administrator."}


class TestTexts:
    def test_every_type_has_its_words(self):
        assert set(TEMPLATES) == set(NOTIFICATION_TYPES)

    @pytest.mark.parametrize("state", ["pending", "verified", "inactive", "declined", "suspended_temporary"])
    def test_every_state_of_an_account_has_its_words(self, state):
        template = TEMPLATES["account_status_changed"]

        assert template.say_message("en", {"state": state}) != template.say_message("ar", {"state": state})

    def test_braces_in_a_name_stay_braces(self):
        params = {"amount": Decimal("1.00"), "course_name": "{amount.__class__} {0}"}

        message = TEMPLATES["balance_added"].say_message("en", params)

        assert message == "1.00 EGP were added to your balance in “{amount.__class__} {0}”."
