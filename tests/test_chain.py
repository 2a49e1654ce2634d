"""The main job, whole, as its users do it over HTTP on a served process: from the printed code to the kept progress."""

from datetime import datetime

import httpx
import pytest

from edutrack.operations.checks import violations
from tests.factories import PASSWORD, create_site_owner

NEW_PASSWORD = "correct horse battery"


class Browser:
    """Somebody with a browser: cookies, and the origin that browsers send."""

    def __init__(self, base: httpx.Client, username: str, password: str) -> None:
        self.client = httpx.Client(base_url=base.base_url, headers={"Origin": "http://localhost:3000"}, timeout=30)
        self.call("POST", "/api/accounts/login/", 200, {"username": username, "password": password})

    def call(self, method, path, expected, body=None):
        response = self.client.request(method, path, json=body)
        assert response.status_code == expected, response.text
        return response.json()


@pytest.fixture
def browsers(served):
    opened = []

    def open_browser(username, password):
        opened.append(Browser(served, username, password))
        return opened[-1]

    yield open_browser
    for browser in opened:
        browser.client.close()


def test_from_a_printed_code_to_a_watched_lecture(served, browsers):
    owner = browsers(create_site_owner(username="owner").username, PASSWORD)
    structure = {
        name: served.get(f"/api/structure/{name}/").json()
        for name in ("grades", "school-types", "subjects", "governorates")
    }
    grade = next(entry for entry in structure["grades"] if entry["name"] == "الصف الثالث الإعدادي")
    subject = next(entry for entry in structure["subjects"] if grade["id"] in entry["grade_ids"])
    school_type = (subject["school_type_ids"] or [entry["id"] for entry in structure["school-types"]])[0]
    area = served.get("/api/structure/areas/", params={"governorate": structure["governorates"][0]["id"]}).json()[0]

    # The owner takes a teacher on, opens a course and prints a code.
    teacher = owner.call(
        "POST",
        "/api/accounts/teachers/",
        201,
        {
            "username": "ustaz",
            "password": NEW_PASSWORD,
            "name": "أستاذ العلوم",
            "phone": "01012345678",
            "gmail": "ustaz@example.org",
            "gender": "male",
            "subject": subject["id"],
            "grades": [grade["id"]],
        },
    )
    course = owner.call(
        "POST", "/api/courses/", 201, {"name": "الفصل الأول", "teacher": teacher["id"], "grade": grade["id"]}
    )
    code = owner.call("POST", "/api/wallet/recharge-codes/", 201, {"course": course["id"], "value": "150.00"})

    # The teacher puts a lecture in.
    ustaz = browsers("ustaz", NEW_PASSWORD)
    topic = ustaz.call("POST", "/api/topics/", 201, {"course": course["id"], "name": "الباب الأول"})
    lecture = ustaz.call(
        "POST",
        "/api/lectures/",
        201,
        {"topic": topic["id"], "name": "المحاضرة الأولى", "price": "80.00", "discount": "10.00", "available_days": 7},
    )
    video = ustaz.call(
        "POST",
        "/api/videos/",
        201,
        {
            "lecture": lecture["id"],
            "name": "الشرح",
            "platform": "youtube",
            "source": "dQw4w9WgXcQ",
            "duration_seconds": 600,
        },
    )

    # A student registers and is verified.
    registration = {
        "username": "salma",
        "password": NEW_PASSWORD,
        "name_ar": "سلمى أحمد",
        "name_en": "Salma Ahmed",
        "phone_number": "01112345678",
        "father_number": "01212345678",
        "father_job": "مهندس",
        "educational_state": "school",
        "school_type": school_type,
        "grade": grade["id"],
        "school_name": "مدرسة السلام",
        "national_id": "31203150100245",
        "birth_date": "2012-03-15",
        "gender": "female",
        "gmail": "salma@example.org",
        "governorate": structure["governorates"][0]["id"],
        "area": area["id"],
    }
    registered = served.post("/api/accounts/students/register/", json=registration)
    assert registered.status_code == 201, registered.text
    student = registered.json()
    salma = browsers("salma", NEW_PASSWORD)
    refused = salma.call("POST", "/api/enrollments/", 403, {"course": course["id"]})
    assert refused == {"detail": "Your account is not verified yet."}
    owner.call("PATCH", f"/api/accounts/students/{student['id']}/status/", 200, {"status": "verified"})

    # She asks for the course, the teacher approves, she redeems and buys.
    enrollment = salma.call("POST", "/api/enrollments/", 201, {"course": course["id"]})
    ustaz.call("POST", f"/api/enrollments/{enrollment['id']}/approve/", 200, {})
    redeemed = salma.call("POST", "/api/wallet/redeem/", 200, {"code": code["code"].lower(), "course": course["id"]})
    assert redeemed["new_balance"] == "150.00"
    salma.call("GET", f"/api/lectures/{lecture['id']}/watch/", 403)
    purchase = salma.call("POST", "/api/purchases/", 201, {"lecture": lecture["id"]})
    assert purchase["amount_paid"] == "70.00"

    # She watches it, and how far she came is kept.
    watched = salma.call("GET", f"/api/lectures/{lecture['id']}/watch/", 200)
    assert watched["effective_expiry"] == purchase["effective_expiry"]
    player = httpx.get(watched["videos"][0]["playback_url"])
    assert (player.status_code, player.headers["Location"].split("/")[-1].split("?")[0]) == (302, "dQw4w9WgXcQ")
    salma.call("POST", "/api/progress/", 200, {"video": video["id"], "progress_seconds": 540})
    again = salma.call("GET", f"/api/lectures/{lecture['id']}/watch/", 200)
    assert (again["videos"][0]["progress_seconds"], again["videos"][0]["is_completed"]) == (540, True)

    # Ledger and balance agree, seen from every side.
    assert [row["balance"] for row in salma.call("GET", "/api/wallet/balances/", 200)] == ["80.00"]
    ledger = salma.call("GET", "/api/wallet/transactions/", 200)["results"]
    assert [(row["type"], row["amount"], row["balance_after"]) for row in ledger] == [
        ("purchase", "-70.00", "80.00"),
        ("recharge_code", "150.00", "150.00"),
    ]
    used = owner.call("GET", f"/api/wallet/recharge-codes/{code['id']}/", 200)
    assert (used["is_used"], used["used_by"], used["used_by_name"]) == (True, student["id"], "سلمى أحمد")
    assert datetime.fromisoformat(used["used_at"]) <= datetime.fromisoformat(purchase["purchased_at"])
    assert violations() == {}
