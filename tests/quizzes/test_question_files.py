"""Questions as CSV: what an export holds, what an import takes, and that one gives back the other."""

import csv
import io
from io import BytesIO

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from edutrack.core.audit import AuditEntry
from edutrack.core.extensions import db
from edutrack.quizzes.models import Question, QuestionChoice, QuestionVersion
from tests.api import counted_statements
from tests.factories import (
    any_grade,
    create_assistant,
    create_question,
    create_site_owner,
    create_subject,
    create_teacher,
)

PATH = "/api/questions/"
EXPORT = f"{PATH}export/"
IMPORT = f"{PATH}import/"
COLUMNS = [
    "type",
    "text",
    "points",
    "grade",
    "tags",
    "model_answer",
    *(f"choice_{number}" for number in range(1, 11)),
    "correct",
]
FIRST, SECOND = "الصف الثالث الإعدادي", "الصف الأول الإعدادي"
FEW_COLUMNS = "type,text,choice_1,choice_2,correct"


@pytest.fixture
def teacher(app):
    return create_teacher(subject=create_subject(grades=[any_grade(FIRST), any_grade(SECOND)]))


@pytest.fixture
def client(api, teacher):
    return api.as_(teacher)


@pytest.fixture
def grade(teacher):
    """The grade of rows that name none."""
    return any_grade(FIRST).id


def send(client, content, **values):
    data = content if isinstance(content, bytes) else content.encode()
    # Encoded here: the test client would leave a temporary file open where the body is large.
    boundary, form = encode_multipart(values | {"file": FileStorage(BytesIO(data), "questions.csv")})
    return client.post(IMPORT, data=form, content_type=f"multipart/form-data; boundary={boundary}")


def lines(*rows):
    return "\r\n".join(rows) + "\r\n"


def exported(client, query=""):
    response = client.get(EXPORT + query)
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"), newline="")))


def bank(client):
    """Return the caller's questions in the order in which they came, without what is each one's own."""
    results = client.get(f"{PATH}?ordering=created_at&all=true").json["results"]
    for question in results:
        for name in ("id", "created_at"):
            del question[name]
        for choice in question["choices"]:
            del choice["id"]
    return results


def rows_written():
    return [db.session.scalar(select(func.count(model.id))) for model in (Question, QuestionVersion, QuestionChoice)]


class TestExport:
    def test_it_has_a_row_for_each_question_oldest_first(self, client, teacher):
        create_question(teacher, "mcq_multiple", right=(2, 4), text="اختر", points=5, tags=["جبر", "صعب"])
        create_question(teacher, "written", text="علل", model_answer="لأن", grade=any_grade(SECOND))
        create_question()

        response = client.get(EXPORT)

        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert response.headers["Content-Disposition"] == 'attachment; filename="questions.csv"'
        assert exported(client) == [
            COLUMNS,
            ["mcq_multiple", "اختر", "5", FIRST, "جبر|صعب", ""]
            + [f"اختيار {place}" for place in range(1, 5)]
            + [""] * 6
            + ["2|4"],
            ["written", "علل", "1", SECOND, "", "لأن", *[""] * 10, ""],
        ]

    def test_it_is_narrowed_like_the_list(self, api, client, teacher):
        create_question(teacher, text="أول", tags=["جبر"])
        create_question(teacher, "written", text="ثان", grade=any_grade(SECOND))
        other = create_question(text="ثالث")

        def texts(caller, query):
            return [row[1] for row in exported(caller, query)[1:]]

        assert texts(client, "?type=written") == ["ثان"]
        assert texts(client, "?tag=جبر") == ["أول"]
        assert texts(client, f"?grade={any_grade(SECOND).id}") == ["ثان"]
        assert texts(client, "?search=اول") == ["أول"]
        assert texts(client, "?ordering=-created_at") == ["ثان", "أول"]
        owner = api.as_(create_site_owner())
        assert texts(owner, f"?teacher={other.teacher_id}") == ["ثالث"]
        assert texts(owner, f"?subject={teacher.subject_id}") == ["أول", "ثان"]
        assert texts(owner, "") == ["أول", "ثان", "ثالث"]

    def test_assistants_take_their_teachers(self, api, teacher):
        create_question(teacher, text="سؤال")

        assert [row[1] for row in exported(api.as_(create_assistant(teacher)))[1:]] == ["سؤال"]
        assert exported(api.as_(create_assistant())) == [COLUMNS]

    def test_each_is_written_into_the_audit_trail(self, client, teacher):
        client.get(f"{EXPORT}?type=written")

        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.verb, entry.actor_id, entry.target_id) == ("questions.exported", teacher.user_id, None)
        assert entry.details == {"type": "written", "search": "", "ordering": "created_at"}

    def test_a_bad_filter_is_refused(self, client):
        response = client.get(f"{EXPORT}?type=essay")

        assert (response.status_code, response.json) == (400, {"type": ['"essay" is not a valid choice.']})

    def test_formulas_go_out_harmless(self, client, teacher):
        create_question(teacher, "written", text='=HYPERLINK("http://x")', model_answer="-2+3", tags=["@x", "y"])

        (_, row) = exported(client)

        assert row[1] == '\'=HYPERLINK("http://x")'
        assert (row[4], row[5]) == ("'@x|y", "'-2+3")

    def test_the_statements_do_not_grow_with_the_questions(self, client, teacher):
        counts = []
        for _ in range(2):
            for _ in range(3):
                create_question(teacher)
            with counted_statements() as statements:
                client.get(EXPORT)
            counts.append(len(statements))

        assert counts == [2, 2]


class TestRoundTrip:
    TRICKY = (
        "=1+1",
        "+5",
        "-5",
        "@name",
        "'=1",
        "''-1",
        "'نعم' قال",
        "＝1",
        'قال "نعم"، ثم; مضى, وعاد',
        "سطر\nثان",
        "سطر\r\nثان",
        "a\rb",
        "1|2",
        "007",
        "1e5",
        "TRUE",
        "أَحْمَد ٢٣",
        "\\n",
        "\u200fx",
        "👩‍🏫",
    )

    def test_what_is_exported_comes_back_as_it_was(self, api, client, teacher):
        for text in self.TRICKY:
            create_question(teacher, "written", text=text, model_answer=text, tags=[text.replace("|", "/")[:50], "x"])
            choices = [{"text": text, "is_correct": True}, {"text": f"{text}!"}]
            sent = {"type": "mcq_single", "text": "؟", "grade": any_grade(SECOND).id, "choices": choices}
            assert client.post(PATH, sent).status_code == 201
        create_question(teacher, "mcq_multiple", right=(1, 3), points=1000)
        other = create_teacher(subject=teacher.subject)

        response = send(api.as_(other), client.get(EXPORT).data)

        count = 2 * len(self.TRICKY) + 1
        assert (response.status_code, response.json) == (201, {"imported": count})
        before, after = bank(client), bank(api.as_(other))
        assert len(before) == count
        assert after == [question | {"teacher": other.id} for question in before]

    def test_and_goes_out_again_byte_by_byte(self, api, client, teacher):
        for text in self.TRICKY:
            create_question(teacher, text=text)
        other = create_teacher(subject=teacher.subject)
        file = client.get(EXPORT).data

        send(api.as_(other), file)

        assert api.as_(other).get(EXPORT).data == file


class TestImport:
    def test_the_questions_of_a_file_are_added_in_their_order(self, client, teacher, grade):
        create_question(teacher, text="قديم")
        file = lines(
            "text,type,correct,choice_1,choice_2,choice_4,points,tags,grade,model_answer",
            "أول,mcq_single,2,أ,ب,,٣, جبر | هندسة |جبر,,",
            "ثان,mcq_multiple,1|4,أ,,ب,,,الصف الاول الاعدادى,",
            ",,,,,,,,,",
            "ثالث,written,,,,,,,,لأن",
        )

        response = send(client, file, grade=grade)

        assert (response.status_code, response.json) == (201, {"imported": 3})
        shared = {"teacher": teacher.id, "subject": teacher.subject_id, "image": None, "model_answer": None}
        assert bank(client)[1:] == [
            shared
            | {
                "grade": grade,
                "type": "mcq_single",
                "text": "أول",
                "points": 3,
                "tags": ["جبر", "هندسة"],
                "choices": [
                    {"text": "أ", "image": None, "is_correct": False, "order": 1},
                    {"text": "ب", "image": None, "is_correct": True, "order": 2},
                ],
            },
            shared
            | {
                "grade": any_grade(SECOND).id,
                "type": "mcq_multiple",
                "text": "ثان",
                "points": 1,
                "tags": [],
                "choices": [
                    {"text": "أ", "image": None, "is_correct": True, "order": 1},
                    {"text": "ب", "image": None, "is_correct": True, "order": 2},
                ],
            },
            shared
            | {
                "grade": grade,
                "type": "written",
                "text": "ثالث",
                "points": 1,
                "tags": [],
                "choices": [],
                "model_answer": "لأن",
            },
        ]
        assert db.session.scalars(select(QuestionVersion.number)).all() == [1] * 4

    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    @pytest.mark.parametrize("delimiter", [",", ";"])
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_any_spreadsheets_file_will_do(self, client, grade, mark, delimiter, newline):
        rows = ["type,text,choice_1,choice_2,correct,,", 'mcq_single,"نعم، أو\nلا",نعم,"لا",1,,']
        file = mark + newline.join(rows).replace(",", delimiter)

        response = send(client, file, grade=grade)

        (question,) = bank(client)
        assert (response.status_code, response.json) == (201, {"imported": 1})
        assert (question["text"], [choice["text"] for choice in question["choices"]]) == ("نعم، أو\nلا", ["نعم", "لا"])

    def test_a_grade_may_be_named_by_its_id(self, client):
        other = any_grade(SECOND).id

        send(client, lines("type,text,grade", f"written,علل,{other}"))

        assert [question["grade"] for question in bank(client)] == [other]

    def test_a_site_owner_names_the_teacher(self, api, client, teacher, grade):
        owner, file = api.as_(create_site_owner()), lines("type,text", "written,علل")

        missing = send(owner, file, grade=grade)
        unknown = send(owner, file, grade=grade, teacher=987654)
        response = send(owner, file, grade=grade, teacher=teacher.id)

        assert (missing.status_code, missing.json) == (400, {"teacher": ["This field is required."]})
        assert unknown.json == {"teacher": ['Invalid pk "987654" - object does not exist.']}
        assert (response.status_code, [question["text"] for question in bank(client)]) == (201, ["علل"])

    def test_a_teachers_questions_are_the_teachers_own(self, client, teacher, grade):
        send(client, lines("type,text", "written,علل"), grade=grade, teacher=create_teacher().id)

        assert db.session.scalars(select(Question.teacher_id)).all() == [teacher.id]

    def test_the_forms_grade_is_one_that_the_teacher_teaches(self, client, teacher):
        other = any_grade("الصف الثاني الإعدادي")

        response = send(client, lines("type,text", "written,علل"), grade=other.id)

        assert response.status_code == 400
        assert response.json == {"grade": [f"Teacher {teacher.name} does not teach grade {other.name}."]}

    def test_it_is_written_into_the_audit_trail(self, client, teacher, grade):
        send(client, lines("type,text", "written,علل", "written,اذكر"), grade=grade)

        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.verb, entry.actor_id, entry.target_id) == ("questions.imported", teacher.user_id, None)
        assert entry.details == {"teacher": teacher.id, "imported": 2}

    def test_the_ids_of_choices_say_nothing_of_their_order(self, client, grade):
        cells = ",".join(f"choice_{number}" for number in range(1, 11))
        send(client, lines(f"type,text,correct,{cells}", "mcq_single,؟,1,0,1,2,3,4,5,6,7,8,9"), grade=grade)

        ids = db.session.scalars(select(QuestionChoice.id).order_by(QuestionChoice.order)).all()
        assert ids != sorted(ids)

    def test_five_thousand_questions_take_a_fixed_number_of_statements(self, client, grade):
        counts = []
        for number in (1, 5000):
            file = lines(FEW_COLUMNS, *(f"mcq_single,سؤال {place},أ,ب,1" for place in range(number)))
            with counted_statements() as statements:
                response = send(client, file, grade=grade)
            assert (response.status_code, response.json) == (201, {"imported": number})
            counts.append(len(statements))

        # One for every thousand rows of questions and of versions, which come back with their ids.
        assert counts == [6, 6 + 2 * 4]
        assert rows_written() == [5001, 5001, 10002]


class TestBadRows:
    @pytest.mark.parametrize(
        ("row", "problem"),
        [
            ("essay,س,أ,ب,1", 'type: "essay" is not a valid choice.'),
            (",س,أ,ب,1", "type: This field is required."),
            ("mcq_single,,أ,ب,1", "text: This field is required."),
            ("mcq_single,\0,أ,ب,1", "text: Null characters are not allowed."),
            (f"mcq_single,{'x' * 5001},أ,ب,1", "text: Ensure this field has no more than 5000 characters."),
            (f"mcq_single,س,أ,{'x' * 1001},1", "choice_2: Ensure this field has no more than 1000 characters."),
            ("mcq_single,س,أ,ب,", "correct: A question with a single answer has exactly one correct choice."),
            ("mcq_single,س,أ,ب,1|2", "correct: A question with a single answer has exactly one correct choice."),
            ("mcq_multiple,س,أ,ب,", "correct: A question with several answers has at least one correct choice."),
            ("written,س,أ,,", "correct: A written question has no choices."),
            ("mcq_single,س,أ,ب,3", 'correct: There is no choice "3".'),
            ("mcq_single,س,أ,ب,أ", 'correct: There is no choice "أ".'),
            ("mcq_single,س,,ب,1", 'correct: There is no choice "1".'),
            ("mcq_single,س,أ,ب,1,زائد", "There are more cells than columns."),
            ('mcq_single,"س"x,أ,ب,1', "CSV parse error - ',' expected after '\"'"),
            ('mcq_single,"س,أ,ب,1', "CSV parse error - unexpected end of data"),
            (f"mcq_single,{'x' * 140_000},أ,ب,1", "CSV parse error - field larger than field limit (131072)"),
        ],
    )
    def test_one_is_named_by_its_number_and_nothing_is_imported(self, client, grade, row, problem):
        file = lines(FEW_COLUMNS, "mcq_single,سليم,أ,ب,1", row)

        response = send(client, file, grade=grade)

        assert (response.status_code, response.json) == (400, {"file": [f"Row 3: {problem}"]})
        assert rows_written() == [0, 0, 0]
        assert db.session.scalar(select(func.count(AuditEntry.id))) == 0

    @pytest.mark.parametrize(
        ("column", "cell", "problem"),
        [
            ("points", "كثير", "A valid integer is required."),
            ("points", "0", "Ensure this value is greater than or equal to 1."),
            ("points", "9" * 30, "Ensure this value is less than or equal to 1000."),
            ("tags", "x" * 51, "Ensure this field has no more than 50 characters."),
            ("tags", "|".join(map(str, range(21))), "Ensure this field has no more than 20 elements."),
            ("model_answer", "x" * 5001, "Ensure this field has no more than 5000 characters."),
            ("grade", "الصف العاشر", "Teacher {teacher} does not teach grade الصف العاشر."),
            ("grade", "987654", "Teacher {teacher} does not teach grade 987654."),
        ],
    )
    def test_every_column_is_judged(self, client, teacher, grade, column, cell, problem):
        response = send(client, lines(f"type,text,{column}", f"written,علل,{cell}"), grade=grade)

        assert response.status_code == 400
        assert response.json == {"file": [f"Row 2: {column}: {problem.format(teacher=teacher.name)}"]}

    def test_a_row_needs_a_grade_from_somewhere(self, client):
        response = send(client, lines("type,text", "written,علل"))

        assert (response.status_code, response.json) == (400, {"file": ["Row 2: grade: This field is required."]})

    def test_all_that_is_wrong_with_a_row_is_said_at_once(self, client):
        response = send(client, lines("type,text,points,correct", "essay,,x,1"))

        assert response.json == {
            "file": [
                'Row 2: grade: This field is required.; correct: There is no choice "1".; '
                'type: "essay" is not a valid choice.; text: This field is required.; '
                "points: A valid integer is required."
            ]
        }

    def test_rows_are_counted_as_a_spreadsheet_counts_them(self, client, grade):
        file = lines("type,text", 'written,"سطر\nثان\nثالث"', "", ",", "essay,س", "written,س", "essay,س")

        response = send(client, file, grade=grade)

        assert response.json == {
            "file": [f'Row {number}: type: "essay" is not a valid choice.' for number in (5, 7)],
        }

    def test_at_most_twenty_are_named(self, client, grade):
        response = send(client, lines("type,text", *["essay,س"] * 30), grade=grade)

        assert [message.partition(":")[0] for message in response.json["file"]] == [f"Row {n}" for n in range(2, 22)]


class TestBadFiles:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("type,text,colour\r\nwritten,س,أحمر", 'Row 1: There is no column "colour".'),
            ("type,text,text\r\nwritten,س,س", 'Row 1: The column "text" is there twice.'),
            ("text,points\r\nس,1", 'Row 1: The column "type" is missing.'),
            ("\r\ntype,text", 'Row 1: The column "type" is missing. The column "text" is missing.'),
            ("type,,text\r\nwritten,,س", 'Row 1: There is no column "".'),
            ("type,text\r\n", "This file has no questions."),
            ("\ufeff", "This file has no questions."),
            ("type,text\r\n,\r\n\r\n", "This file has no questions."),
            ("type,text\r\nwritten,علل".encode("cp1256"), "Save the file as CSV in UTF-8."),
            ("type,text\r\nwritten,علل".encode("utf-16"), "Save the file as CSV in UTF-8."),
            (b"PK\x03\x04\xff\xfe", "Save the file as CSV in UTF-8."),
            (b"x" * (5 * 1024 * 1024 + 1), "Ensure this file has no more than 5242880 bytes."),
            ("type,text\n" + "written,س\n" * 5001, "Ensure this file has no more than 5000 questions."),
        ],
        ids=range(13),
    )
    def test_what_is_no_such_file_is_refused(self, client, grade, content, message):
        response = send(client, content, grade=grade)

        assert (response.status_code, response.json) == (400, {"file": [message]})
        assert rows_written() == [0, 0, 0]

    @pytest.mark.parametrize(
        ("values", "messages"),
        [
            ({}, {"file": ["This field is required."]}),
            (
                {"file": "type,text"},
                {"file": ["The submitted data was not a file. Check the encoding type on the form."]},
            ),
            ({"file": (BytesIO(b""), "a.csv")}, {"file": ["The submitted file is empty."]}),
            ({"file": (BytesIO(b"x"), "a.csv"), "grade": "x"}, {"grade": ["A valid integer is required."]}),
            (
                {"file": (BytesIO(b"x"), "a.csv"), "grade": "987654"},
                {"grade": ['Invalid pk "987654" - object does not exist.']},
            ),
        ],
    )
    def test_bad_forms_are_refused(self, client, values, messages):
        response = client.post(IMPORT, data=values, content_type="multipart/form-data")

        assert (response.status_code, response.json) == (400, messages)
