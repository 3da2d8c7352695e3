import importlib
import pkgutil
import re

import cr_pipelines
from cr_pipelines import errors
from cr_pipelines.errors import CrPipelinesError

LINE = re.compile(r"^    (?P<branches>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: .*)?$")
ENGINES = re.compile(r"cr_pipelines\.warehouse\.(?!errors$)")

Tree = list[tuple[str, str, bool]]


def drawn() -> Tree:
    """Every error of the drawing with its parent, and whether it is drawn as transient."""
    tree: Tree = []
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := LINE.match(line):
            depth = len(found["branches"]) // 4
            path[depth:] = [found["name"]]
            tree.append((found["name"], path[depth - 1] if depth else "", "(transient)" in line))
    return tree


def real(kind: type[CrPipelinesError] = CrPipelinesError, parent: str = "") -> Tree:
    # The errors of engines are not drawn: they differ in what they know of the engine, and not in what they mean.
    children = [child for child in kind.__subclasses__() if not ENGINES.match(child.__module__)]
    below = [row for child in children for row in real(child, kind.__name__)]
    return [(kind.__name__, parent, kind.transient), *below]


def test_the_drawing_of_the_errors_is_the_tree_of_their_classes() -> None:
    for module in pkgutil.walk_packages(cr_pipelines.__path__, "cr_pipelines."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    assert sorted(drawn()) == sorted(real())
    assert len(drawn()) > 15
