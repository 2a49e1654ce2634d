"""Every verb that the code records has words, and every kind of thing that it records about has a name."""

import ast
from itertools import product
from pathlib import Path

import pytest

import edutrack
from edutrack.core.extensions import db
from edutrack.owner.console.deeds import GROUPS, SENTENCES, sentence
from edutrack.owner.console.details import KINDS
from edutrack.structure.service import NOUNS

PACKAGE = Path(edutrack.__file__).parent
#: Verbs that are put together, by the source of the expression, and what they can become.
PUT_TOGETHER = {
    "f'enrollment.{answer}'": {"enrollment.approved", "enrollment.rejected"},
    "f\"{NOUNS[item.__tablename__].replace(' ', '_')}.{deed}\"": {
        f"{noun.replace(' ', '_')}.{deed}" for noun, deed in product(NOUNS.values(), ("created", "changed", "deleted"))
    },
}


def trees():
    return {path: ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}


def constants(tree):
    """Return the texts that a module gives names to, and the expressions behind other names."""
    return {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def verbs_of(expression, names):
    """Return the verbs that an expression can be; raises where that cannot be told."""
    match expression:
        case ast.Constant(value=str(verb)):
            return {verb}
        case ast.IfExp(body=body, orelse=orelse):
            return verbs_of(body, names) | verbs_of(orelse, names)
        case ast.Name(id=name) if name in names:
            return verbs_of(names[name], names)
    source = ast.unparse(expression)
    assert source in PUT_TOGETHER, f"Say in PUT_TOGETHER what this verb can become: {source}"
    return PUT_TOGETHER[source]


def is_recording(node):
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="audit"), attr="record")):
            return True
    return False


def recorded_verbs():
    """Return every verb that the package hands to `audit.record`, with where it does."""
    found = {}
    parsed = trees()
    everywhere = {name: value for tree in parsed.values() for name, value in constants(tree).items()}
    for path, tree in parsed.items():
        # A name of the module itself comes before one that it imported.
        names = everywhere | constants(tree)
        for node in filter(is_recording, ast.walk(tree)):
            for verb in verbs_of(node.args[1], names):
                found[verb] = f"{path.relative_to(PACKAGE)}:{node.lineno}"
    return found


def test_every_recorded_verb_has_words():
    verbs = recorded_verbs()

    assert len(verbs) > 50
    assert {verb: place for verb, place in verbs.items() if verb not in SENTENCES} == {}


def test_no_verb_stands_in_two_groups():
    assert sum(len(group.deeds) for group in GROUPS.values()) == len(SENTENCES)


@pytest.mark.parametrize("verb", sorted(SENTENCES))
def test_a_sentence_needs_no_detail(app, verb):
    with app.test_request_context("/owner/audit/"):
        assert "%(" not in sentence(verb, {})


def test_nothing_else_records():
    """Whoever imports `record` by itself would be missed by the test above."""
    hidden = [
        path
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "edutrack.core.audit"
        for alias in node.names
        if alias.name == "record"
    ]

    assert hidden == []


def test_the_kinds_that_have_a_word_are_kinds_of_things():
    assert [kind for kind in KINDS if kind not in db.metadata.tables] == []
