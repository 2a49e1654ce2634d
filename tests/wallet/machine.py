"""Random histories of a wallet through the API, held against the plain model of `books` after every step."""

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text, update

from edutrack.accounts.models import Session
from edutrack.core import clock
from edutrack.core.extensions import db
from edutrack.owner.figures.closing import roll_up
from edutrack.wallet.invariants import INVARIANTS
from tests.api import Api
from tests.factories import create_course, create_enrollment, create_lecture, create_site_owner, create_student
from tests.wallet.books import LONGEST_WINDOW_DAYS, STUDENT_STATUSES, Account, Answer, Books, Code, Offer, Sent

#: Shortly before Cairo's day of 23 hours in spring, so that windows reach over it.
BEGIN = datetime(2027, 4, 28, 20, 30, tzinfo=UTC)
_UNKNOWN_CODE = "AAAA-BBBB-CCCC-DDDD"
_WHAT_IS_THERE = {
    "balances": "SELECT student_id, course_id, balance FROM course_balances",
    "codes": "SELECT id, used_by_id, voided_at IS NOT NULL FROM recharge_codes",
    "windows": "SELECT student_id, lecture_id, amount_paid, purchased_at, expires_at, effective_expiry, extra_days "
    "FROM purchases",
    "entries": "SELECT student_id, course_id, amount, balance_after, CASE WHEN code_id IS NOT NULL THEN 'code' "
    "WHEN purchase_id IS NOT NULL THEN 'purchase' ELSE 'adjustment' END FROM balance_transactions ORDER BY id",
    "accounts": "SELECT s.id, s.status, u.is_active FROM students s JOIN users u ON u.id = s.user_id",
}
#: All invariants in one statement, because they are asked after every step.
_VIOLATED = text(" UNION ALL ".join(f"(SELECT '{name}' WHERE EXISTS ({query}))" for name, query in INVARIANTS.items()))


class Disagreement(AssertionError):
    """The application and the model came to different ends."""


class School:
    """Two courses with lectures, two students who are approved in both, one who is in neither; made once for a run."""

    def __init__(self, app: Any) -> None:
        self.app = app
        #: How often each kind of request was answered with each status, and how many steps there were.
        self.answers: Counter[tuple[str, int]] = Counter()
        self.steps = 0
        with clock.stopped_at(BEGIN):
            self.courses = [create_course(), create_course()]
            self.offers = {}
            for course, price, discount, days in (
                (0, "30.00", "0.00", 1),
                (0, "55.50", "5.25", 7),
                (0, "0.00", "0.00", 2),
                (1, "20.00", "0.00", 30),
            ):
                sold = {"price": Decimal(price), "discount": Decimal(discount), "available_days": days}
                lecture = create_lecture(self.courses[course], **sold)
                self.offers[lecture.id] = (lecture.course_id, *sold.values())
            people = [create_student() for _ in range(3)]
            for student in people[:2]:
                for course in self.courses:
                    create_enrollment(student, course)
            teacher, owner = self.courses[0].teacher, create_site_owner()
            self.students = [student.id for student in people]
            nobody = Api(app)
            self.clients = {
                "owner": nobody.as_(owner),
                "teacher": nobody.as_(teacher),
                **{f"student {student.id}": nobody.as_(student) for student in people},
            }
            # The clock goes on by years, and nobody is to be signed out by that.
            db.session.execute(update(Session).values(expires_at=BEGIN + timedelta(days=36500)))
        self.courses = [course.id for course in self.courses]
        db.session.commit()

    def books(self) -> Books:
        """Return the model of the school as it was made."""
        return Books(
            now=BEGIN,
            accounts={student: Account() for student in self.students},
            approved={(student, course) for student in self.students[:2] for course in self.courses},
            offers={lecture: Offer(*values) for lecture, values in self.offers.items()},
            courses_on=dict.fromkeys(self.courses, True),
        )

    @contextmanager
    def undone(self):
        """Undo at its end everything that was done in the context."""
        savepoint = db._app_engines[self.app][None].begin_nested()
        try:
            yield
        finally:
            db.session.remove()
            savepoint.rollback()


#: Mostly one of those who are in the courses.
students = st.sampled_from([0, 0, 0, 1, 1, 2])
lectures = st.integers(0, 3)
courses = st.integers(0, 1)
amounts = st.decimals("0.01", "120", places=2) | st.sampled_from([Decimal("30"), Decimal("50.25"), Decimal("20")])
balances = st.just(Decimal("9999999999.99")) | amounts
prices = st.decimals("0", "80", places=2)
#: Seldom a key that another request may have, mostly none or one of its own.
keys = st.none() | st.sampled_from(["key-1", "key-2"]) | st.uuids().map(str)
minutes = st.none() | st.integers(1, 5 * 24 * 60)
#: Mostly the course that a code is for.
elsewhere = st.sampled_from([None, None, None, 0, 1])
spellings = st.sampled_from(
    [
        str,
        str.lower,
        lambda code: code.replace("-", " "),
        lambda code: f" {code}\t",
        lambda _: _UNKNOWN_CODE,
    ]
)


class Wallet(RuleBasedStateMachine):
    """Whatever is done in whichever order, the application answers as the model does and holds what the model holds."""

    codes = Bundle("codes")
    sent_requests = Bundle("sent_requests")

    def __init__(self, school: School) -> None:
        super().__init__()
        self.school = school
        self.books = school.books()
        self._undoing = school.undone()
        self._undoing.__enter__()

    def teardown(self) -> None:
        self._undoing.__exit__(None, None, None)

    # Codes

    @initialize(target=codes, course=courses, student=st.integers(0, 1))
    def begin_with_codes(self, course: int, student: int) -> Any:
        """Make codes and redeem one: left to themselves, few histories come to a balance that buys anything."""
        codes = self._make_batch(course, Decimal("60.00"), 3, None, None)
        first = self.books.codes[codes.values[0]]
        self._redeem(self.school.students[student], {"code": first.text, "course": first.course}, None)
        return codes

    @rule(target=codes, course=courses, value=amounts, expires_in=minutes, key=keys)
    def make_code(self, course: int, value: Decimal, expires_in: int | None, key: str | None) -> Any:
        value, course = value + 1, self.school.courses[course]
        expires_at = self._in(expires_in)
        body = {"course": course, "value": str(value), "expires_at": expires_at and expires_at.isoformat()}
        sent = _sent("owner", "/api/wallet/recharge-codes/", body, key)
        made, is_new = self._send(sent, lambda: Answer(201, {"course": course, "value": f"{value:.2f}"}))
        if not is_new:
            return multiple()
        code = Code(made["id"], made["code"], course, None, value, expires_at)
        self.books.codes[code.id] = code
        return code.id

    @rule(target=codes, course=courses, value=amounts, quantity=st.integers(1, 4), expires_in=minutes, key=keys)
    def make_batch(self, course: int, value: Decimal, quantity: int, expires_in: int | None, key: str | None) -> Any:
        return self._make_batch(course, value + 1, quantity, expires_in, key)

    def _make_batch(self, course: int, value: Decimal, quantity: int, expires_in: int | None, key: str | None) -> Any:
        course, expires_at = self.school.courses[course], self._in(expires_in)
        body = {
            "course": course,
            "value": str(value),
            "quantity": quantity,
            "expires_at": expires_at and expires_at.isoformat(),
        }
        sent = _sent("owner", "/api/wallet/recharge-codes/bulk/", body, key)
        total = {"quantity": quantity, "used_count": 0, "total_value": f"{value * quantity:.2f}"}
        batch, is_new = self._send(sent, lambda: Answer(201, total))
        if not is_new:
            return multiple()
        listed = self._call("owner", "GET", f"/api/wallet/recharge-codes/?batch={batch['id']}").json["results"]
        _agree("codes of the batch", len(listed), quantity)
        for made in listed:
            self.books.codes[made["id"]] = Code(made["id"], made["code"], course, batch["id"], value, expires_at)
        return multiple(*(made["id"] for made in listed))

    @rule(code=codes, whole_batch=st.booleans())
    def void(self, code: int, whole_batch: bool) -> None:
        known = self.books.codes[code]
        if whole_batch and known.batch is not None:
            answer, path = self.books.void_batch(known.batch), f"/api/wallet/batches/{known.batch}/void/"
        else:
            answer, path = self.books.void(known), f"/api/wallet/recharge-codes/{code}/void/"
        self._expect(answer, self._call("owner", "POST", path, {"reason": "lost"}))

    # Money

    @rule(target=sent_requests, student=students, code=codes, course=elsewhere, spelled=spellings, key=keys)
    def redeem(self, student: int, code: int, course: int | None, spelled: Any, key: str | None) -> Any:
        known = self.books.codes[code]
        body = {"code": spelled(known.text), "course": known.course if course is None else self.school.courses[course]}
        return self._redeem(self.school.students[student], body, key)

    @precondition(lambda self: self.books.expiring())
    @rule(target=sent_requests, data=st.data(), student=students, seconds=st.integers(-1, 1))
    def redeem_at_its_end(self, data: st.DataObject, student: int, seconds: int) -> Any:
        """Redeem a code at the moment at which it expires, or the second before or after."""
        code = self.books.codes[data.draw(st.sampled_from(self.books.expiring()))]
        self._wait_until(code.expires_at, seconds)
        return self._redeem(self.school.students[student], {"code": code.text, "course": code.course}, None)

    @rule(target=sent_requests, data=st.data(), is_sold=st.booleans(), key=keys)
    def buy(self, data: st.DataObject, is_sold: bool, key: str | None) -> Any:
        anything = [(student, lecture) for student in self.school.students for lecture in self.school.offers]
        sold = [pair for pair in anything if is_sold and not self.books.unsold(*pair)]
        student, lecture = data.draw(st.sampled_from(sold or anything))
        sent = _sent(f"student {student}", "/api/purchases/", {"lecture": lecture}, key)
        return self._buy(sent, student, lecture)

    @rule(target=sent_requests, student=students, course=courses, amount=balances, down=st.booleans(), key=keys)
    def adjust(self, student: int, course: int, amount: Decimal, down: bool, key: str | None) -> Any:
        body = {
            "student": self.school.students[student],
            "course": self.school.courses[course],
            "amount": str(-amount if down else amount),
            "reason": "counted again",
        }
        return self._adjust(_sent("owner", "/api/wallet/adjustments/", body, key))

    @rule(sent=sent_requests)
    def send_again(self, sent: Sent) -> None:
        """Send a request once more as it was, by its key or without one."""
        self._resend(sent)

    @precondition(lambda self: self.books.stored)
    @rule(sent=sent_requests, course=courses, lecture=lectures)
    def send_something_else_with_its_key(self, sent: Sent, course: int, lecture: int) -> None:
        changed = {
            "/api/wallet/adjustments/": ("reason", "counted a third time"),
            "/api/wallet/redeem/": ("course", self.school.courses[course]),
            "/api/purchases/": ("lecture", list(self.school.offers)[lecture]),
        }[sent.path]
        self._resend(replace(sent, body=tuple((dict(sent.body) | dict([changed])).items())))

    # Accounts, offers, time

    @rule(student=students, status=st.none() | st.sampled_from(STUDENT_STATUSES), is_active=st.none() | st.booleans())
    def set_status(self, student: int, status: str | None, is_active: bool | None) -> None:
        student = self.school.students[student]
        given = {"status": status, "is_active": is_active}
        body = {name: value for name, value in given.items() if value is not None}
        path = f"/api/accounts/students/{student}/status/"
        self._expect(self.books.set_status(student, status, is_active), self._call("owner", "PATCH", path, body))

    @precondition(lambda self: any(self.books.blocked(student) for student in self.school.students))
    @rule()
    def let_everybody_in(self) -> None:
        for student in self.school.students:
            path = f"/api/accounts/students/{student}/status/"
            answer = self.books.set_status(student, "verified", None)
            self._expect(answer, self._call("owner", "PATCH", path, {"status": "verified"}))

    @rule(lecture=lectures, price=prices, discount=prices, days=st.integers(1, 40), is_active=st.integers(0, 5))
    def change_offer(self, lecture: int, price: Decimal, discount: Decimal, days: int, is_active: int) -> None:
        lecture = list(self.school.offers)[lecture]
        offer = self.books.offers[lecture]
        offer.price, offer.discount = max(price, discount), min(price, discount)
        offer.days, offer.is_active = days, is_active > 0
        body = {
            "price": str(offer.price),
            "discount": str(offer.discount),
            "available_days": days,
            "is_active": offer.is_active,
        }
        answer = Answer(200, {"final_price": f"{offer.final_price:.2f}", "available_days": days})
        self._expect(answer, self._call("owner", "PATCH", f"/api/lectures/{lecture}/", body))

    @rule(course=courses, is_on=st.sampled_from([True, True, False]))
    def switch_course(self, course: int, is_on: bool) -> None:
        course = self.school.courses[course]
        self.books.courses_on[course] = is_on
        answer = self._call("owner", "PATCH", f"/api/courses/{course}/", {"is_active": is_on})
        self._expect(Answer(200, {"is_active": is_on}), answer)

    @rule(minutes=st.integers(1, 60 * 24 * 3))
    def let_time_pass(self, minutes: int) -> None:
        self.books.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.books.moments())
    @rule(data=st.data(), seconds=st.integers(-1, 1))
    def wait_for_an_end(self, data: st.DataObject, seconds: int) -> None:
        """Let it be the moment at which a code, a window or a key ends, or the second before or after."""
        self._wait_until(data.draw(st.sampled_from(self.books.moments())), seconds)

    @rule()
    def roll_up_figures(self) -> None:
        with clock.stopped_at(self.books.now):
            roll_up()

    # Access windows

    @precondition(lambda self: self.books.windows)
    @rule(data=st.data(), days=st.integers(1, 10) | st.sampled_from([LONGEST_WINDOW_DAYS - 5]))
    def reopen(self, data: st.DataObject, days: int) -> None:
        student, lecture = data.draw(st.sampled_from(sorted(self.books.windows)))
        window = self.books.windows[student, lecture]
        answer = self.books.reopen(student, lecture, days)
        body = {"extra_days": days, "note": "ill"}
        self._expect(answer, self._call("owner", "POST", f"/api/purchases/{window.id}/reopen/", body))

    @rule(data=st.data(), is_bought=st.booleans())
    def watch(self, data: st.DataObject, is_bought: bool) -> None:
        anything = [(student, lecture) for student in self.school.students for lecture in self.school.offers]
        bought = sorted(self.books.windows) if is_bought else []
        student, lecture = data.draw(st.sampled_from(bought or anything))
        answer = self.books.blocked(student) or self.books.watch(student, lecture)
        self._expect(answer, self._call(f"student {student}", "GET", f"/api/lectures/{lecture}/watch/"))

    @rule(student=students)
    def look_at_the_wallet(self, student: int) -> None:
        student = self.school.students[student]
        actor, blocked = f"student {student}", self.books.blocked(student)
        held = self._call(actor, "GET", "/api/wallet/balances/")
        bought = self._call(actor, "GET", "/api/purchases/mine/")
        if blocked:
            self._expect(blocked, held)
            self._expect(blocked, bought)
            return
        shown = {row["course"]: row["balance"] for row in held.json}
        own = {course: f"{held:.2f}" for (whose, course), held in self.books.balances.items() if whose == student}
        _agree("shown balances", shown, own)
        windows = [self.books.shown(window) for (whose, _), window in self.books.windows.items() if whose == student]
        rows = [{name: row[name] for name in windows[0]} for row in bought.json] if windows else bought.json
        _agree("shown purchases", sorted(rows, key=_by_id), sorted(windows, key=_by_id))

    # What must be so after every step

    @invariant()
    def the_database_holds_what_the_model_holds(self) -> None:
        self.school.steps += 1
        books = self.books
        there = {name: db.session.execute(text(query)).all() for name, query in _WHAT_IS_THERE.items()}
        _agree("balances", {row[:2]: row[2] for row in there["balances"]}, books.balances)
        _agree("entries", [tuple(row) for row in there["entries"]], books.entries)
        codes = {code.id: (code.used_by, code.voided) for code in books.codes.values()}
        _agree("codes", {row[0]: tuple(row[1:]) for row in there["codes"]}, codes)
        windows = {
            key: (window.paid, window.bought_at, window.expires_at, window.effective_expiry, window.extra_days)
            for key, window in books.windows.items()
        }
        _agree("windows", {row[:2]: tuple(row[2:]) for row in there["windows"]}, windows)
        accounts = {student: (account.status, account.is_active) for student, account in books.accounts.items()}
        _agree("accounts", {row[0]: tuple(row[1:]) for row in there["accounts"]}, accounts)

    @invariant()
    def the_ledger_is_in_order(self) -> None:
        _agree("violated invariants", set(db.session.scalars(_VIOLATED)), set())

    # Sending

    def _resend(self, sent: Sent) -> None:
        body = dict(sent.body)
        if sent.path.endswith("adjustments/"):
            self._adjust(sent)
        elif sent.path.endswith("purchases/"):
            self._buy(sent, int(sent.actor.split()[1]), body["lecture"])
        else:
            self._redeem(int(sent.actor.split()[1]), body, sent.key)

    def _redeem(self, student: int, body: dict[str, Any], key: str | None) -> Any:
        code = next((code for code in self.books.codes.values() if _plain(code.text) == _plain(body["code"])), None)
        sent = _sent(f"student {student}", "/api/wallet/redeem/", body, key)
        self._send(sent, lambda: self.books.redeem(student, code, body["course"]), student)
        return sent

    def _buy(self, sent: Sent, student: int, lecture: int) -> Sent:
        purchase, is_new = self._send(sent, lambda: self.books.buy(student, lecture), student)
        if is_new:
            self.books.windows[student, lecture].id = purchase["id"]
        return sent

    def _adjust(self, sent: Sent) -> Sent:
        body = dict(sent.body)
        self._send(sent, lambda: self.books.adjust(body["student"], body["course"], Decimal(body["amount"])))
        return sent

    def _send(self, sent: Sent, judge: Any, student: int | None = None) -> tuple[Any, bool]:
        """Send a request that may carry a key; return its body, and whether it did something now."""
        answer = self.books.blocked(student) if student else None
        replayed = None if answer else self.books.replayed(sent)
        answer = answer or replayed or judge()
        headers = {"Idempotency-Key": sent.key} if sent.key else {}
        response = self._call(sent.actor, "POST", sent.path, dict(sent.body), headers=headers)
        self._expect(answer, response)
        was_replayed = replayed is not None and answer.status < 300
        _agree("Idempotency-Replayed", response.headers.get("Idempotency-Replayed"), "true" if was_replayed else None)
        is_new = replayed is None and answer.status < 300
        if is_new:
            self.books.keep(sent, answer.status, response.json)
        return response.json, is_new

    def _call(self, actor: str, method: str, path: str, body: Any = None, **kwargs: Any) -> Any:
        with clock.stopped_at(self.books.now):
            response = self.school.clients[actor].request(method, path, body, **kwargs)
        # The next request is to find the database, and no objects of this one.
        db.session.remove()
        self.school.answers[f"{method} {re.sub('[0-9]+', '…', path.partition('?')[0])}", response.status_code] += 1
        return response

    def _expect(self, answer: Answer, response: Any) -> None:
        body = response.json
        said = {name: body.get(name) for name in answer.body} if isinstance(body, dict) else body
        _agree("answer", (response.status_code, said), (answer.status, answer.body))

    def _wait_until(self, end: datetime, seconds: int) -> None:
        self.books.now = max(self.books.now, end + timedelta(seconds=seconds))

    def _in(self, minutes: int | None) -> datetime | None:
        return None if minutes is None else self.books.now + timedelta(minutes=minutes)


def _sent(actor: str, path: str, body: dict[str, Any], key: str | None) -> Sent:
    return Sent(actor, path, tuple(body.items()), key)


def _plain(code: str) -> str:
    return code.upper().replace("-", "").replace(" ", "").strip()


def _by_id(row: dict[str, Any]) -> int:
    return row["id"]


def _agree(what: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise Disagreement(f"{what}: the application has {found!r}, the model {expected!r}")


def run(school: School, profile: settings, number: int | None = None) -> None:
    """Run histories as `profile` says, those of seed `number` where one is given; raises Disagreement."""

    def history() -> Wallet:
        return Wallet(school)

    run_state_machine_as_test(history if number is None else seed(number)(history), settings=profile)
