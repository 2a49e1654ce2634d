"""Each recipe of `make fuzz` is for an operation that there is: another one would be cooked for nobody."""

from edutrack.core.openapi import describe
from fuzz.recipes import RECIPES


def test_each_recipe_is_for_an_operation_of_the_document(shared_app):
    with shared_app.app_context():
        paths = describe()["paths"].values()
    names = {item["operationId"] for path in paths for item in path.values() if "operationId" in item}

    assert RECIPES
    assert RECIPES.keys() - names == set()
