"""Lists of the console: the rows of a room's own query, searched, filtered, sorted and paged by the URL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
from flask import request
from flask_babel import lazy_gettext as _
from sqlalchemy import Select

from edutrack.core.arabic import fold
from edutrack.core.extensions import db
from edutrack.core.fields import Boolean, Day
from edutrack.core.pagination import count_of
from edutrack.owner.console.access import page
from edutrack.owner.console.pages import ConsoleView

PAGE_SIZES = (25, 50, 100)
#: More pages than any table has; beyond, an offset would not fit PostgreSQL's numbers.
_MOST_PAGES = 10_000_000

Choices = Sequence[tuple[Any, Any]]


@dataclass(frozen=True)
class Column:
    """A column of a list: the row's attribute `name`, or what `value` makes of the row."""

    name: str
    label: Any
    value: Callable[[Any], Any] | None = None
    #: What the column is sorted by; None: it cannot be.
    sort: Any = None

    def of(self, row: Any) -> Any:
        """Return what the column shows of a row."""
        return self.value(row) if self.value else getattr(row, self.name)


@dataclass(frozen=True)
class ListFilter:
    """A filter over a list, read by the `field` that the API reads the same filter with."""

    name: str
    label: Any
    field: ma.fields.Field
    #: What can be chosen, as pairs of value and label, or a function that returns it; None: it is typed (a boolean: yes
    #: or no).
    choices: Choices | Callable[[], Choices] | None = None

    @property
    def kind(self) -> str:
        """How it is drawn: select, date or text."""
        if self.choices is not None or isinstance(self.field, Boolean):
            return "select"
        return "date" if isinstance(self.field, Day) else "text"

    def read(self) -> Any:
        """Return the filter's value; None where it is not set, or the URL holds what the field does not take."""
        text = request.args.get(self.name, "").strip()
        if not text:
            return None
        try:
            value = self.field.deserialize(text)
        except ma.ValidationError:
            return None
        # Where days begin cannot be said at the ends of the calendar.
        return None if isinstance(value, date) and not 2000 <= value.year < 3000 else value

    @property
    def options(self) -> list[tuple[str, Any]]:
        """What can be chosen, as texts."""
        if self.choices is None:
            return [("true", _("Yes")), ("false", _("No"))] if isinstance(self.field, Boolean) else []
        choices = self.choices() if callable(self.choices) else self.choices
        return [(str(value), label) for value, label in choices]


@dataclass(frozen=True)
class ListPage:
    """One page of a list, as its template shows it."""

    rows: Sequence[Any]
    count: int
    number: int
    size: int
    ordering: str
    search: str
    filters: dict[str, Any]

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return max(1, -(-self.count // self.size))

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter leaves rows out."""
        return bool(self.search or self.filters)

    @property
    def neighbours(self) -> list[int]:
        """The page numbers that the pager offers."""
        return [number for number in range(self.number - 2, self.number + 3) if 1 <= number <= self.pages]

    def url(self, **changes: Any) -> str:
        """Return the address of this list with other parameters; None takes one away."""
        kept = {name: value for name, value in request.args.items() if name != "page"} | changes
        query = urlencode({name: value for name, value in kept.items() if value not in (None, "")})
        return f"{request.path}?{query}" if query else request.path

    def sorting_url(self, column: Column) -> str:
        """Return the address of this list sorted by a column, the other way round where it already is."""
        return self.url(sort=f"-{column.name}" if self.ordering == column.name else column.name)

    @cached_property
    def first(self) -> int:
        """The running number of the first row shown."""
        return (self.number - 1) * self.size + 1 if self.count else 0


class ServiceModelView(ConsoleView):
    """A list. It reads through the room's query, and neither creates, edits nor deletes: services do.

    A subclass names its `columns` and `filters` and says in `rows` which query they are of. Two statements: count and
    page. What a URL holds that no filter takes is passed over.
    """

    columns: Sequence[Column]
    filters: Sequence[ListFilter] = ()
    #: What the search box says is searched; empty: there is none.
    search_hint: Any = ""
    #: Name of the column, with `-` for descending, that sorts the list unless the URL does; empty: as `rows` does.
    default_sort = ""
    #: The column that tells rows apart, and decides between those that sort alike.
    tie_breaker: Any = None
    empty: Any = ""
    list_template = "console/list.html"
    #: Whether the list's template fills `row_actions`, buttons at the end of each row.
    has_row_actions = False
    #: Whether the list's template fills `tick`, a box at the start of each row.
    has_ticks = False

    def rows(self, *, search: str, **filters: Any) -> Select[Any]:
        """Return the select of the rows; filters that are not set are left out of `filters`."""
        raise TypeError(f"{type(self).__name__} does not say whose rows it lists.")

    def link(self, row: Any) -> str | None:
        """Return the address that a row's first column leads to; None: nowhere."""
        return None

    def actions(self) -> Sequence[tuple[Any, str]]:
        """Return the buttons over the list: label and address."""
        return ()

    @page("/")
    def index(self) -> str:
        """Show the list."""
        return self.show(self.list_template, list=self.read_page())

    def read_page(self) -> ListPage:
        """Return the page of rows that the URL asks for; one beyond the last is the last."""
        search = request.args.get("search", "")[:200].strip()
        filters = {item.name: value for item in self.filters if (value := item.read()) is not None}
        rows = self.rows(search=search if fold(search) else "", **filters)
        size = _whole_number("page_size", PAGE_SIZES[0])
        size = size if size in PAGE_SIZES else PAGE_SIZES[0]
        rows, ordering = self._sorted(rows)
        return fetch_page(rows, size, key=self._key, ordering=ordering, search=search, filters=filters)

    @property
    def _key(self) -> Any:
        # By the class: a mapped attribute does not let itself be read from an instance of anything else.
        return type(self).tie_breaker

    def _sorted(self, rows: Select[Any]) -> tuple[Select[Any], str]:
        sortable = {column.name: column.sort for column in self.columns if column.sort is not None}
        for ordering in (request.args.get("sort", ""), self.default_sort):
            expression = sortable.get(ordering.removeprefix("-"))
            if expression is not None:
                down = ordering.startswith("-")
                keys = [expression] if self._key is None else [expression, self._key]
                # Rows without a value stand at the end, whichever way the list runs.
                first, *rest = [key.desc() if down else key.asc() for key in keys]
                return rows.order_by(None).order_by(first.nulls_last(), *rest), ordering
        return rows, ""


def fetch_page(
    rows: Select[Any],
    size: int,
    *,
    key: Any = None,
    ordering: str = "",
    search: str = "",
    filters: dict[str, Any] | None = None,
) -> ListPage:
    """Return the page of sorted rows that the URL asks for; one beyond the last is the last. Two statements.

    `key` is the column that tells the rows apart, where they are objects that others are loaded with.
    """
    count = count_of(rows)
    number = _page_number(count, size)
    found = _fetch_part(rows, key, size, (number - 1) * size)
    return ListPage(found, count, number, size, ordering, search, filters or {})


def _fetch_part(rows: Select[Any], key: Any, size: int, skipped: int) -> Sequence[Any]:
    if len(rows.column_descriptions) > 1:
        return db.session.execute(rows.limit(size).offset(skipped)).all()
    if key is None or not isinstance(rows.column_descriptions[0]["type"], type):
        rows = rows.limit(size).offset(skipped)
    else:
        # What belongs to the objects is then read for those of the page alone, and not for all before them.
        rows = rows.where(key.in_(rows.with_only_columns(key).limit(size).offset(skipped)))
    return db.session.scalars(rows).unique().all()


def page_of(rows: Sequence[Any], columns: Sequence[Column], size: int, *, default_sort: str = "") -> ListPage:
    """Return the page that the URL asks for of rows that are there already, sorted by the column that it names.

    A column is sorted by the attribute of the row that its `sort` names.
    """
    keys = {column.name: column.sort for column in columns if column.sort is not None}
    asked = request.args.get("sort", "")
    ordering = asked if asked.removeprefix("-") in keys else default_sort
    if ordering:
        key = attrgetter(keys[ordering.removeprefix("-")])
        rows = sorted(rows, key=key, reverse=ordering.startswith("-"))
    number = _page_number(len(rows), size)
    return ListPage(rows[(number - 1) * size : number * size], len(rows), number, size, ordering, "", {})


def _page_number(count: int, size: int) -> int:
    return min(_whole_number("page", 1), max(1, -(-count // size)))


def _whole_number(name: str, default: int) -> int:
    text = request.args.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        return default
    return min(max(int(text), 1), _MOST_PAGES)
