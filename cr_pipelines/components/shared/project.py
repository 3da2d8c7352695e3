"""The other components of a project.

Goes in: the context that loads a component. Comes out: the components of a type in the same defs folder, and the assets
that the other components define.
"""

from collections.abc import Iterator
from types import ModuleType
from typing import Any, TypeVar

import dagster as dg
from dagster.components.core.component_tree import ComponentTree
from dagster.components.core.decl import ComponentDecl, ComponentRootDecl, DefsFolderDecl, YamlFileDecl

_C = TypeVar("_C", bound=dg.Component)

_searched: list[ComponentTree] = []
"""The trees whose assets are being looked up, so that two components do not look up each other endlessly."""


def components_of_project(context: dg.ComponentLoadContext, of_type: type[_C]) -> list[_C]:
    """Return the project's components of this type, in Dagster's order."""
    tree = context.component_tree
    # A tree made for a test (`dg.ComponentTree.for_test`) has no folder to search.
    return list(tree.get_all_components(of_type=of_type)) if isinstance(tree.defs_module, ModuleType) else []


def assets_of_others(
    context: dg.ComponentLoadContext, own_type: type[dg.Component]
) -> dict[dg.AssetKey, dg.AssetSpec] | None:
    """Return the assets that the project defines outside components of `own_type`; None if they are not known.

    A Python file that contains such a component is left out, since that component may be the one that asks.
    """
    tree = context.component_tree
    if tree in _searched or not isinstance(tree.defs_module, ModuleType):
        return None
    _searched.append(tree)
    try:
        found = (
            spec
            for declared in _declared_by_others(tree.find_root_decl(), own_type)
            for spec in _specs_of(context.build_defs(declared.loc))
        )
        return {spec.key: spec for spec in found}
    finally:
        _searched.remove(tree)


def _declared_by_others(declared: ComponentDecl[Any], own_type: type[dg.Component]) -> Iterator[ComponentDecl[Any]]:
    if isinstance(declared, (ComponentRootDecl, DefsFolderDecl, YamlFileDecl)):
        for child in declared.iterate_child_component_decls():
            yield from _declared_by_others(child, own_type)
    elif not any(issubclass(part.component_type, own_type) for part in declared.iterate_all_component_decls()):
        yield declared


def _specs_of(definitions: dg.Definitions) -> Iterator[dg.AssetSpec]:
    for asset in definitions.assets or ():
        if isinstance(asset, dg.AssetsDefinition):
            yield from asset.specs
        elif isinstance(asset, dg.AssetSpec):
            yield asset
