"""The tree hangs together, whatever the listing said."""

import attrs
from hypothesis import given

from confluence_sync.planner._tree import build_tree, numeric_order
from confluence_sync.testing.strategies import snapshots


def test_children_in_order_of_id(make):
    """Ids are compared as numbers."""
    tree = build_tree(make.snapshot(make.page(10, "J"), make.page(9, "I"), make.page(11, "K", 9)))
    assert tree.children == {None: ["9", "10"], "9": ["11"]}
    assert tree.warnings == ()


def test_missing_parent(make):
    """A page whose parent could not be read lies below the space, and somebody is told."""
    tree = build_tree(make.snapshot(make.page(1, "A", 77, parent_type="page"), make.page(2, "B", 1)))
    assert tree.children == {None: ["1"], "1": ["2"]}
    assert tree.warnings == ("page 'A' (1) has a parent that cannot be read (page 77); it was put below the space",)


def test_own_parent(make):
    """A page that is its own parent lies below the space."""
    tree = build_tree(make.snapshot(make.page(1, "A", 1)))
    assert tree.children == {None: ["1"]}
    assert tree.warnings == ("page 'A' (1) is its own ancestor; it was put below the space",)


def test_cycle(make):
    """Of pages in a circle the lowest id comes below the space, and the others stay below it."""
    circle = [make.page(1, "A", 4), make.page(4, "D", 3), make.page(3, "C", 1), make.page(2, "B", 3)]
    tree = build_tree(make.snapshot(*circle))
    assert tree.children == {None: ["1"], "1": ["3"], "3": ["2", "4"]}
    assert len(tree.warnings) == 1


def test_folder_below_a_missing_parent(make):
    """Folders are mended as pages are."""
    tree = build_tree(make.snapshot(make.container(5, "F", 77), make.page(6, "P", 5)))
    assert tree.children == {None: ["5"], "5": ["6"]}
    assert tree.warnings[0].startswith("folder 'F' (5) has a parent that cannot be read (unknown type 77)")


def test_page_that_is_also_a_container(make):
    """What was first met as an archived parent and then listed is a page."""
    tree = build_tree(make.snapshot(make.container(1, "Old", 9), make.page(1, "New")))
    assert tree.children == {None: ["1"]}
    assert tree.warnings == ()


@given(snapshot=snapshots())
def test_every_node_hangs_below_the_space_once(snapshot):
    """From the space down, each page and container is met exactly once, in any order of the listing."""
    tree = build_tree(snapshot)
    met = [None]
    for node in met:
        met.extend(tree.children.get(node, ()))
    assert sorted(met[1:], key=numeric_order) == sorted([*snapshot.pages, *snapshot.containers], key=numeric_order)
    backwards = attrs.evolve(snapshot, pages=dict(reversed(snapshot.pages.items())))
    assert build_tree(backwards) == tree
