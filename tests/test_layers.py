"""The layers of the package: imports point one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import confluence_sync

ROOT = Path(confluence_sync.__file__).parent

LAYERS = [
    {"errors"},
    {"models", "paths"},
    {"events"},
    {"protocols"},
    {"clock"},
    {"client", "converter", "planner"},
    {"documents"},
    {"oauth", "engine"},
    {"connections"},
    {"adapters"},
    {"reading", "sync"},
    {"integrations"},
    {"scheduler"},
    {"testing"},
]
"""Each part may import from the layers above it; parts of one layer do not know each other."""

PARTS = {part: level for level, layer in enumerate(LAYERS) for part in layer}
PUBLIC_ONLY = {"adapters", "integrations", "reading", "testing"}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(name: str, path: Path) -> Iterator[str]:
    """Yield the modules of this package that a module imports, at any depth of its code."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    package = [part for part in package if part]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            target = [*base, *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                candidate = [*target, alias.name]
                is_module = (ROOT.joinpath(*candidate)).is_dir() or ROOT.joinpath(*candidate).with_suffix(
                    ".py"
                ).exists()
                yield ".".join(candidate if is_module else target)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "confluence_sync":
            yield ".".join((node.module or "").split(".")[1:])
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "confluence_sync":
                    yield ".".join(alias.name.split(".")[1:])


EDGES = [(name, target) for name, path in modules() for target in imports(name, path)]


def test_every_part_has_a_layer():
    """A new part of the package has to find its place in the layers."""
    parts = {name.split(".")[0] for name, _ in modules() if name}
    assert parts == set(PARTS)


def test_no_module_imports_from_the_package_itself():
    """Import from the defining module: the package's own namespace is for users."""
    assert [name for name, target in EDGES if not target] == []


@pytest.mark.parametrize("part", sorted(PARTS))
def test_imports_point_one_way(part: str):
    """A part imports only from earlier layers, so that each stage is usable alone."""
    wrong = [
        f"{name} imports {target}"
        for name, target in EDGES
        if name.split(".")[0] == part and target.split(".")[0] != part and PARTS[target.split(".")[0]] >= PARTS[part]
    ]
    assert wrong == []


def test_adapters_and_tests_see_public_names_only():
    """What ships with the library can do no more than what hosts write."""
    wrong = [
        f"{name} imports {target}"
        for name, target in EDGES
        if name.split(".")[0] in PUBLIC_ONLY
        and target.split(".")[0] != name.split(".")[0]
        and any(segment.startswith("_") for segment in target.split("."))
    ]
    assert wrong == []


def test_no_private_module_is_imported_from_another_part():
    """An underscore is a promise between the modules of one part."""
    wrong = [
        f"{name} imports {target}"
        for name, target in EDGES
        if target.split(".")[0] != name.split(".")[0] and any(part.startswith("_") for part in target.split("."))
    ]
    assert wrong == []


def test_there_are_no_cycles():
    """No module imports itself by a detour."""
    graph: dict[str, set[str]] = {}
    for name, target in EDGES:
        if target != name:
            graph.setdefault(name, set()).add(target)
    TopologicalSorter(graph).prepare()
