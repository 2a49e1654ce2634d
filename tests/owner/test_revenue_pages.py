"""The pages about revenue: what they show, how they are sorted and paged, and the files of their tables."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import select

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.owner.figures import buyers, revenue
from edutrack.owner.figures.closing import close_hours
from tests.api import counted_statements
from tests.factories import (
    create_course,
    create_enrollment,
    create_lecture,
    create_purchase,
    create_site_owner,
    create_student,
    create_topic,
)
from tests.owner.console import Console
from tests.workbooks import cells

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def console(app):
    console = Console(app)
    console.sign_in(create_site_owner(username="manager"))
    console.post("/owner/language/", {"language": "en"})
    return console


def buy(student, lecture, paid, days_ago=0):
    purchase = create_purchase(student, lecture, amount_paid=Decimal(paid), purchased_at=NOW - timedelta(days=days_ago))
    db.session.commit()
    return purchase


def close_all():
    while close_hours():
        db.session.commit()
    db.session.commit()


def figures_of(page):
    """Return each figure by its label, without what stands around the number."""
    pairs = re.findall(r'figure-label">([^<]+)</span><strong>(.*?)</strong>', page, re.DOTALL)
    return {label: re.sub(r"<[^>]+>", "", value).strip() for label, value in pairs}


def column(page, label):
    """Return the cells of a column of the last table that has it."""
    found = re.findall(rf'<td data-label="{label}">(.*?)</td>', page.rpartition("<table")[2], re.DOTALL)
    return [re.sub(r"<[^>]+>", "", value).strip() for value in found]


@pytest.fixture
def school(app):
    """Two courses that sold and an idle one; three students, two of whom bought."""
    school = School()
    school.buy()
    return school


class School:
    def __init__(self):
        self.course, self.other = create_course(name="Algebra"), create_course(name="Botany", is_active=False)
        self.idle = create_course(name="Chemistry")
        self.lectures = [create_lecture(self.course, name="One"), create_lecture(self.course, name="Two")]
        self.foreign = create_lecture(self.other, name="Leaves")
        names = ("أحمد سعيد", "منى فؤاد", "سلمى عادل")
        self.students = [create_student(name_ar=name) for name in names]
        for student in self.students:
            create_enrollment(student, self.course)

    def buy(self):
        first, second, _third = self.students
        buy(first, self.lectures[0], "70.00", days_ago=40)
        buy(first, self.lectures[1], "20.50", days_ago=3)
        buy(second, self.lectures[0], "60.00", days_ago=2)
        buy(second, self.foreign, "100.00")


class TestOverview:
    def test_it_shows_the_sums_of_the_courses_below_best_first(self, console, school):
        page = console.get("/owner/revenue/").text

        assert figures_of(page) == {
            "Revenue altogether": "250.50 EGP",
            "Purchases": "4",
            "Enrolled students": "3",
            "Courses": "3",
        }
        assert column(page, "Course") == ["Algebra", "Botany", "Chemistry"]
        assert column(page, "Revenue") == ["150.50 EGP", "100.00 EGP", "0.00 EGP"]
        assert column(page, "Purchases") == ["3", "1", "0"]
        assert column(page, "Enrolled") == ["3", "0", "0"]

    @pytest.mark.parametrize(
        ("sort", "names"),
        [
            ("-name", ["Chemistry", "Botany", "Algebra"]),
            ("purchase_count", ["Chemistry", "Botany", "Algebra"]),
            ("-enrolled_count", ["Algebra", "Botany", "Chemistry"]),
            ("junk", ["Algebra", "Botany", "Chemistry"]),
            ("--revenue", ["Algebra", "Botany", "Chemistry"]),
        ],
    )
    def test_it_is_sorted_by_the_column_that_the_address_names(self, console, school, sort, names):
        assert column(console.get(f"/owner/revenue/?sort={sort}").text, "Course") == names

    def test_many_courses_come_in_pages(self, console):
        for number in range(51):
            create_course(name=f"Course {number:02}")

        second = console.get("/owner/revenue/?sort=name&page=2").text

        assert column(second, "Course") == ["Course 50"]
        assert 'href="/owner/revenue/?sort=name&amp;page=1" rel="prev"' in second

    def test_without_courses_it_says_what_to_do(self, console):
        assert "There is no course yet." in console.get("/owner/revenue/").text


class TestCourse:
    def test_it_shows_lectures_topics_and_who_spent_most(self, console, school):
        create_topic(school.course, name="Empty topic", order=9)
        page = console.get(f"/owner/revenue/courses/{school.course.id}/").text

        assert figures_of(page) == {
            "Revenue altogether": "150.50 EGP",
            "Purchases": "3",
            "Students who bought": "2",
        }
        assert sorted(column(page, "Lecture")) == ["One", "Two"]
        assert sorted(column(page, "Revenue")) == ["130.00 EGP", "20.50 EGP"]
        assert page.index("أحمد سعيد") < page.index("منى فؤاد")
        assert "Empty topic" in page
        assert f'href="/owner/spending/?course={school.course.id}"' in page

    def test_it_is_sorted_by_what_lectures_brought_in(self, console, school):
        page = console.get(f"/owner/revenue/courses/{school.course.id}/?sort=revenue").text

        assert column(page, "Lecture") == ["Two", "One"]

    def test_one_that_sold_nothing_says_so(self, console, school):
        page = console.get(f"/owner/revenue/courses/{school.idle.id}/").text

        assert "Nobody has bought anything yet." in page
        assert "The course has no lectures yet." in page


class TestLecture:
    def test_it_shows_its_purchases_latest_first(self, console, school):
        lecture = school.lectures[0]
        lecture.created_at = NOW - timedelta(days=50)
        db.session.commit()

        page = console.get(f"/owner/revenue/lectures/{lecture.id}/").text

        assert figures_of(page)["Revenue altogether"] == "130.00 EGP"
        # Bought after 10 and after 48 days.
        assert figures_of(page)["Days until it is bought"] == "29.00"
        assert column(page, "Student") == ["منى فؤاد", "أحمد سعيد"]
        assert column(page, "Paid") == ["60.00 EGP", "70.00 EGP"]
        assert page.count(f'href="/owner/revenue/courses/{school.course.id}/"') == 1

    def test_it_agrees_with_what_the_api_answers(self, school):
        lecture = school.lectures[0]
        whole, sales = revenue.of_lecture(lecture), revenue.sales_of_lecture(lecture)
        ids = db.session.scalars(revenue.purchase_ids_of_lecture(lecture)).all()

        assert (sales.revenue, sales.purchases) == (whole["total_revenue"], whole["purchase_count"])
        assert float(sales.average_days) == whole["average_days_to_purchase"]
        assert revenue.purchases_numbered(lecture, ids) == whole["purchase_timeline"]

    def test_one_that_nobody_bought_has_no_average(self, console):
        page = console.get(f"/owner/revenue/lectures/{create_lecture().id}/").text

        assert figures_of(page)["Days until it is bought"] == "—"
        assert "Nobody has bought this lecture yet." in page

    def test_many_purchases_come_in_pages(self, console):
        lecture = create_lecture()
        for number in range(51):
            buy(create_student(name_ar=f"طالب {number:02}"), lecture, "1.00", days_ago=number)

        second = console.get(f"/owner/revenue/lectures/{lecture.id}/?page=2").text

        assert column(second, "Student") == ["طالب 50"]


class TestSpending:
    def test_who_spent_most_stands_first_and_who_bought_nothing_is_left_out(self, console, school):
        page = console.get("/owner/spending/").text

        assert column(page, "Student") == ["منى فؤاد", "أحمد سعيد"]
        assert column(page, "Spent") == ["160.00 EGP", "90.50 EGP"]
        assert column(page, "Purchases") == ["2", "2"]

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("sort=spent", ["أحمد سعيد", "منى فؤاد"]),
            ("sort=last_purchase_at", ["أحمد سعيد", "منى فؤاد"]),
            ("search=فواد", ["منى فؤاد"]),
            ("search=سلمى", []),
            ("course=999999", []),
            ("course=junk", ["منى فؤاد", "أحمد سعيد"]),
        ],
    )
    def test_the_address_sorts_and_narrows_it(self, console, school, query, names):
        assert column(console.get(f"/owner/spending/?{query}").text, "Student") == names

    def test_of_one_course_counts_what_was_spent_in_it(self, console, school):
        page = console.get(f"/owner/spending/?course={school.course.id}").text

        assert column(page, "Student") == ["أحمد سعيد", "منى فؤاد"]
        assert column(page, "Spent") == ["90.50 EGP", "60.00 EGP"]

    @pytest.mark.parametrize("of_course", [False, True])
    def test_the_count_is_that_of_the_list_before_and_after_closing(self, school, of_course):
        course_id = school.course.id if of_course else None
        ids = buyers.buyer_ids(course_id)
        count = ids.get_execution_options()["counted_by"]

        before = db.session.scalar(count), len(db.session.scalars(ids).all())
        close_all()
        buy(school.students[2], school.lectures[0], "5.00")
        # One who is in the roll-ups already, and is not counted twice.
        buy(school.students[0], create_lecture(school.course), "5.00")
        after = db.session.scalar(count), len(db.session.scalars(ids).all())

        assert (before, after) == ((2, 2), (3, 3))

    @pytest.mark.usefixtures("app")
    def test_equal_sums_of_money_are_equal_in_rank(self):
        """0.10 and 0.20 added up as binary numbers are more than 0.30."""
        lectures = [create_lecture() for _ in range(3)]
        first, second = create_student(), create_student()
        for lecture, paid in zip(lectures, ["0.10", "0.20", "0.00"], strict=True):
            buy(first, lecture, paid, days_ago=1)
        buy(second, lectures[0], "0.30", days_ago=1)
        close_all()

        ids = buyers.buyer_ids().order_by(buyers.SPENT.desc(), buyers.STUDENT.desc())

        assert db.session.scalars(ids).all() == [second.id, first.id]

    def test_pages_neither_overlap_nor_leave_out(self, console):
        lecture = create_lecture()
        for _ in range(30):
            buy(create_student(), lecture, "1.00")

        pages = [column(console.get(f"/owner/spending/?page={number}").text, "Student code") for number in (1, 2)]

        assert [len(page) for page in pages] == [25, 5]
        assert len({*pages[0], *pages[1]}) == 30

    def test_a_student_shows_purchases_latest_first(self, console, school):
        page = console.get(f"/owner/spending/{school.students[1].id}/").text

        assert figures_of(page)["Spent"] == "160.00 EGP"
        assert figures_of(page)["Courses"] == "2"
        assert column(page, "Lecture") == ["Leaves", "One"]
        assert f'href="/owner/students/{school.students[1].id}/"' in page

    def test_a_student_without_purchases_has_a_page_too(self, console, school):
        page = console.get(f"/owner/spending/{school.students[2].id}/").text

        assert (figures_of(page)["Spent"], "Nothing bought yet." in page) == ("0.00 EGP", True)


class TestTrend:
    def test_it_shows_thirty_days_until_today_unless_asked(self, console, school):
        page = console.get("/owner/trend/").text

        assert figures_of(page) == {"Revenue": "180.50 EGP", "Purchases": "3", "Best day": "100.00 EGP"}
        assert 'value="2026-05-11"' in page
        assert 'value="2026-06-10"' in page
        assert column(page, "Course") == ["Botany", "Algebra"]

    def test_it_shows_the_range_of_the_address_and_its_courses_alone(self, console, school):
        page = console.get("/owner/trend/?start_date=2026-06-07&end_date=2026-06-08").text

        assert figures_of(page)["Revenue"] == "80.50 EGP"
        assert column(page, "Course") == ["Algebra"]

    def test_a_long_range_is_shown_by_month(self, console, school):
        page = console.get("/owner/trend/?start_date=2026-03-10&end_date=2026-06-10").text

        months = re.findall(r'<time datetime="(\d{4}-\d\d)">', page)
        assert months == ["2026-06", "2026-05", "2026-04", "2026-03"]
        amounts = re.findall(r'data-label="Revenue"><bdi class="number" dir="ltr">([^<]+)', page)
        assert amounts[:2] == ["180.50", "70.00"]

    @pytest.mark.parametrize(
        ("query", "refusal"),
        [
            ("start_date=2026-06-10&end_date=2026-06-09", "The end date cannot be before the start date."),
            ("start_date=2020-01-01&end_date=2026-06-09", "The range cannot be longer than 1096 days."),
            ("start_date=2026-02-30", "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."),
        ],
    )
    def test_a_range_that_is_none_comes_back_at_its_field(self, console, school, query, refusal):
        response = console.get(f"/owner/trend/?{query}")

        assert response.status_code == 400
        assert re.findall(r'class="error"><bdi>([^<]+)', response.text) == [refusal]
        assert console.get(f"/owner/trend/days.csv?{query}").status_code == 400

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
    def test_the_ends_of_the_calendar_are_no_failure(self, console, day):
        assert console.get(f"/owner/trend/?start_date={day}&end_date={day}").status_code == 200


def exported(verb="revenue.exported"):
    return [
        (entry.target_type, entry.target_id, entry.details)
        for entry in db.session.scalars(select(AuditEntry).filter_by(verb=verb).order_by(AuditEntry.id))
    ]


class TestFiles:
    @pytest.mark.parametrize(
        ("path", "what", "rows"),
        [
            ("/owner/revenue/courses", "courses", 3),
            ("/owner/revenue/courses/{course}/lectures", "lectures", 2),
            ("/owner/revenue/lectures/{lecture}/purchases", "purchases", 2),
            ("/owner/spending/students", "students", 2),
            ("/owner/spending/{student}/purchases", "purchases-of-student", 2),
            ("/owner/trend/days", "days", 31),
            ("/owner/trend/courses", "courses-of-days", 2),
        ],
    )
    def test_every_table_comes_as_csv_and_workbook_and_each_is_audited(self, console, school, path, what, rows):
        path = path.format(course=school.course.id, lecture=school.lectures[0].id, student=school.students[1].id)

        csv, workbook = console.get(f"{path}.csv"), console.get(f"{path}.xlsx")

        assert csv.content_type.startswith("text/csv")
        assert len(csv.text.splitlines()) == len(cells(workbook.data)) == rows + 1
        assert csv.text.splitlines()[0].lstrip("\ufeff").split(",") == cells(workbook.data)[0]
        assert [(details["what"], details["format"]) for *_about, details in exported()] == [
            (what, "csv"),
            (what, "xlsx"),
        ]

    def test_numbers_and_moments_are_written_to_calculate_with(self, console, school):
        path = f"/owner/revenue/lectures/{school.lectures[0].id}/purchases"

        assert cells(console.get(f"{path}.xlsx").data)[1][:3:2] == ["منى فؤاد", 60.0]
        assert console.get(f"{path}.csv").text.splitlines()[1].endswith(",60.00,2026-06-08T12:00:00Z")
        assert exported()[0][:2] == ("lectures", school.lectures[0].id)

    @pytest.mark.parametrize("start", ["=", "+", "-", "@"])
    def test_no_name_becomes_a_formula(self, console, start):
        name = f"{start}cmd|' /C calc'!A0"
        course = create_course(name=name)
        buy(create_student(), create_lecture(course), "5.00")

        csv, workbook = console.get("/owner/revenue/courses.csv"), console.get("/owner/revenue/courses.xlsx")

        assert csv.text.splitlines()[1].startswith(f"'{start}")
        assert cells(workbook.data)[1][0] == name

    def test_what_the_list_was_narrowed_by_narrows_the_file_and_is_audited(self, console, school):
        text = console.get(f"/owner/spending/students.csv?course={school.other.id}&search=منى").text

        assert len(text.splitlines()) == 2
        assert exported()[0][2] == {
            "what": "students",
            "format": "csv",
            "course": str(school.other.id),
            "search": "منى",
        }

    def test_a_file_of_another_type_is_not_there(self, console, school):
        assert console.get("/owner/revenue/courses.pdf").status_code == 404
        assert exported() == []


@pytest.mark.parametrize(
    "path",
    [
        "/owner/revenue/",
        "/owner/revenue/courses/{course}/",
        "/owner/revenue/lectures/{lecture}/",
        "/owner/spending/",
        "/owner/spending/{student}/",
        "/owner/trend/",
    ],
)
def test_the_number_of_statements_does_not_grow_with_the_school(console, school, path):
    path = path.format(course=school.course.id, lecture=school.lectures[0].id, student=school.students[0].id)
    counts = []
    for _ in range(2):
        with counted_statements() as statements:
            console.get(path)
        counts.append(len(statements))
        for _more in range(5):
            lecture = create_lecture(school.course)
            buy(create_student(), lecture, "1.00")
            buy(create_student(), school.lectures[0], "1.00")
            buy(school.students[0], lecture, "1.00")

    assert counts[0] == counts[1] <= 6


@pytest.mark.parametrize("path", ["/owner/revenue/courses/0/", "/owner/revenue/lectures/0/", "/owner/spending/0/"])
def test_what_is_not_there_is_not_found(console, path):
    assert console.get(path).status_code == 404
