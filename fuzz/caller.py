"""One role's requests to one served school: generated, filled with ids that exist, by recipe, and beyond any schema."""

from random import Random
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import Case, GenerationMode
from schemathesis.core import NOT_SET

from fuzz.extremes import Raw, extreme_requests, quoted
from fuzz.recipes import RECIPES, Kitchen, picture
from fuzz.school import Person, School
from fuzz.supplies import Supplies
from fuzz.tally import Tally

#: How the cases of an operation are divided.
_GENERATED, _WRONG, _BY_RECIPE, _EXTREME = 0.4, 0.25, 0.1, 0.25
_MOST_CODES = 100
_QUIET = settings(
    database=None, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck), print_blob=False
)
_INACTIVE = "Your account is inactive"


class CallerOf:
    """Sends as one role, and keeps that role able to."""

    def __init__(self, school: School, document: Any, role: str, person: Person | None, number: int) -> None:
        self.tally = Tally(role)
        self._school = school
        self._document = document
        # Who calls is for `_headers` to say, never for what is generated.
        config = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
        self._schema = schemathesis.openapi.from_dict(document, config=config)
        self._person = person
        self._random = Random(number)
        self._supplies = Supplies(school, person, self._random)
        self._kitchen = Kitchen(school, person, self._supplies, self._random)
        self._session = requests.Session()
        self._client = httpx.Client(base_url=school.url, timeout=60)
        self._headers: dict[str, str] = {}

    def operations(self) -> list[Any]:
        """Return every operation of the description."""
        found: Any = self._schema.get_all_operations()
        return [operation.ok() for operation in found]

    def call_operation(self, operation: Any, most: int) -> None:
        """Send up to `most` requests of an operation: fewer where there is nothing to vary."""
        self._sign_in()
        self._supplies.forget()
        wanted = {share: max(1, round(most * share)) for share in (_GENERATED, _WRONG)}
        for case in self._generated(operation, GenerationMode.POSITIVE, wanted[_GENERATED]):
            self._send(operation, self._filled(case))
        for case in self._generated(operation, GenerationMode.NEGATIVE, wanted[_WRONG]):
            self._send(operation, self._bounded(case))
        body, path = None, self._some_path(operation)
        for _ in range(max(2, round(most * _BY_RECIPE))):
            case = self._cooked(operation)
            self._send(operation, case)
            body = case.body if isinstance(case.body, dict) else body
        self._send_extremes(operation, path, body, round(most * _EXTREME))

    def call_in_sequence(self, scenarios: int, steps: int) -> None:
        """Follow the links between operations: what one answers, the next one asks for."""
        caller = self

        class Walk(self._schema.as_state_machine()):  # type: ignore[misc]
            def before_call(self, case: Case) -> None:
                caller._bounded(case)

            def get_call_kwargs(self, case: Case) -> dict[str, Any]:
                return {"headers": caller._headers, "base_url": caller._school.url, "timeout": 60}

            def validate_response(self, response: Any, case: Case, **_: Any) -> None:
                caller.tally.judge(case.operation.label, case, response)
                caller._recover(response)

        def walk() -> Any:
            return Walk()

        self._sign_in()
        seeded: Any = seed(self._random.randrange(2**32))(walk)
        run_state_machine_as_test(
            seeded,
            settings=settings(_QUIET, max_examples=scenarios, stateful_step_count=steps),
        )

    def _generated(self, operation: Any, mode: GenerationMode, count: int) -> list[Case]:
        cases: list[Case] = []

        @seed(self._random.randrange(2**32))
        @settings(_QUIET, max_examples=count)
        @given(operation.as_strategy(generation_mode=mode))
        def collect(case: Case) -> None:
            cases.append(case)

        try:
            collect()
        except (HypothesisException, schemathesis.errors.SchemathesisError):
            # An operation without anything that could be wrong.
            return cases
        return cases

    def _filled(self, case: Case) -> Case:
        """Put ids that exist into most places of a generated request."""
        path = case.operation.path
        case.path_parameters = self._supplies.filled(case.path_parameters, path)
        if case.query:
            case.query = self._supplies.filled(dict(case.query), path)
        if isinstance(case.body, dict):
            case.body = self._supplies.filled(case.body, path)
        return self._bounded(case)

    def _bounded(self, case: Case) -> Case:
        """Let nothing make a hundred thousand codes at a time."""
        if isinstance(case.body, dict):
            quantity = case.body.get("quantity")
            if isinstance(quantity, int) and quantity > _MOST_CODES:
                case.body["quantity"] = quantity if quantity > 100_000 else _MOST_CODES
        return case

    def _cooked(self, operation: Any) -> Case:
        """Return a request that is meant to succeed: by its recipe where there is one."""
        recipe = RECIPES.get(operation.definition.raw["operationId"])
        made = recipe(self._kitchen) if recipe else {}
        path_parameters = self._path_parameters(operation) | made.get("path_parameters", {})
        # One recipe may do for an operation with a body and for another without one.
        body = made.get("body", {}) if operation.body else NOT_SET
        media_type = made.get("media_type", "application/json") if operation.body else None
        if media_type == "application/json" and isinstance(body, dict) and self._random.random() < 0.5:
            body, media_type = self._as_form(operation, body)
        return operation.Case(
            path_parameters=path_parameters,
            query=made.get("query"),
            cookies=made.get("cookies"),
            headers={"Origin": self._school.url} if made.get("cookies") else None,
            body=body,
            media_type=media_type,
        )

    def _as_form(self, operation: Any, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """Return a body as a form with a picture, where the operation takes one."""
        takes_forms = "multipart/form-data" in operation.definition.raw["requestBody"]["content"]
        names = self._fields(operation) if takes_forms else []
        upload = next((name for name in ("profile_picture", "cover_picture", "image") if name in names), None)
        if upload is None or any(isinstance(value, list) for value in body.values()):
            return body, "application/json"
        return {name: value for name, value in body.items() if value is not None} | {
            upload: picture()
        }, "multipart/form-data"

    def _some_path(self, operation: Any) -> str:
        return quoted(operation.path, self._path_parameters(operation))

    def _path_parameters(self, operation: Any) -> dict[str, Any]:
        names = [parameter.name for parameter in operation.path_parameters]
        return {name: self._supplies.one(self._supplies.kind_of(name, operation.path) or "course") for name in names}

    def _send(self, operation: Any, case: Case) -> None:
        if operation.label.endswith("/token/refresh/") or case.cookies:
            headers = {name: value for name, value in self._headers.items() if name != "Authorization"}
        else:
            headers = self._headers
        response = case.call(base_url=self._school.url, session=self._session, headers=headers, timeout=60)
        self._session.cookies.clear()
        self.tally.judge(operation.label, case, response)
        self._recover(response)

    def _send_extremes(self, operation: Any, path: str, body: Any, most: int) -> None:
        parameters = [parameter.name for parameter in operation.query]
        method = operation.method.upper()
        fields = self._fields(operation)
        for raw in extreme_requests(method, operation.path, path, parameters, body, fields, most, self._random):
            response = self._sent(raw)
            case = operation.Case(path_parameters=dict.fromkeys(self._path_parameters(operation), 1))
            self.tally.judge(operation.label, case, response, str(raw))
            self._recover(response)

    def _fields(self, operation: Any) -> list[str]:
        """Return the names of everything that the body of an operation may hold."""
        content = operation.definition.raw.get("requestBody", {}).get("content", {})
        schemas = self._document["components"]["schemas"]
        found = [schemas[item["schema"]["$ref"].rpartition("/")[2]] for item in content.values()]
        return sorted({name for schema in found for name in schema.get("properties", {})})

    def _sent(self, raw: Raw) -> httpx.Response:
        # Cookies that an answer sets are nobody's here.
        self._client.cookies.clear()
        return self._client.request(raw.method, raw.path, headers=self._headers | raw.headers, content=raw.content)

    def _recover(self, response: Any) -> None:
        """Sign in again after a request that ended the session or blocked the account."""
        if self._person and (
            response.status_code == 401 or (response.status_code == 403 and _INACTIVE in response.text)
        ):
            self._sign_in()

    def _sign_in(self) -> None:
        if self._person is not None:
            self._school.put_right(self._person)
            self._headers = {"Authorization": f"Bearer {self._school.token(self._person)}"}
