"""Entries of the audit trail as a person reads them: a sentence, what it is about, and what was changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edutrack.owner.console.access import HOME
from edutrack.owner.console.deeds import named_in_sentence, sentence
from edutrack.owner.console.details import KINDS, facts_of, references_of
from edutrack.owner.trail import Key, Thing, things_named

#: Kinds of things that have a page, and its address.
_PAGES = {
    "assistants": f"{HOME}assistants/{{}}/",
    "courses": f"{HOME}courses/{{}}/",
    "recharge_batches": f"{HOME}codes/batches/{{}}/",
    "recharge_codes": f"{HOME}codes/{{}}/",
    "students": f"{HOME}students/{{}}/",
    "teachers": f"{HOME}teachers/{{}}/",
}


@dataclass(frozen=True)
class Line:
    """An entry of the trail as a person reads it."""

    entry: Any
    sentence: Any
    kind: Any
    about: Thing | None
    url: str | None
    facts: Sequence[tuple[Any, Any]]


def lines_of(entries: Sequence[Any]) -> list[Line]:
    """Return the entries in words; what they name is looked up in one statement for all of them."""
    keys: list[Key] = [key for entry in entries for key in references_of(entry.details)]
    keys += [(entry.target_type, entry.target_id) for entry in entries if entry.target_id is not None]
    things = things_named(keys)
    return [_line(entry, things) for entry in entries]


def _line(entry: Any, things: Mapping[Key, Thing]) -> Line:
    about = things.get((entry.target_type, entry.target_id))
    kind, number = about.shown_with if about and about.shown_with else ("", 0)
    return Line(
        entry=entry,
        sentence=sentence(entry.verb, entry.details),
        kind=KINDS.get(entry.target_type, entry.target_type),
        about=about,
        url=_PAGES[kind].format(number) if kind in _PAGES else None,
        facts=list(facts_of(entry.details, things, left_out=named_in_sentence(entry.verb))),
    )
