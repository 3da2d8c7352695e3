"""The other components of a project.

Goes in: the context that loads a component. Comes out: the components of a type in the same defs folder.
"""

from types import ModuleType
from typing import TypeVar

import dagster as dg

_C = TypeVar("_C", bound=dg.Component)


def components_of_project(context: dg.ComponentLoadContext, of_type: type[_C]) -> list[_C]:
    """Return the project's components of this type, in Dagster's order."""
    tree = context.component_tree
    # A tree made for a test (`dg.ComponentTree.for_test`) has no folder to search.
    return list(tree.get_all_components(of_type=of_type)) if isinstance(tree.defs_module, ModuleType) else []
