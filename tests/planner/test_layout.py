"""Where pages land: inside the root, apart from each other, and the same whatever the order of the listing."""

from random import Random

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_sync.errors import ConfigurationError
from confluence_sync.paths import check_path, collision_key
from confluence_sync.planner import plan_layout
from confluence_sync.testing.strategies import clashing_titles, snapshots, titles


def folders_above(path):
    parts = path.split("/")
    return {"/".join(parts[:size]) for size in range(1, len(parts))}


def assert_apart(paths, foreign=()):
    """No file of ours is another file or a folder, as a case-insensitive disk sees it."""
    keys = [collision_key(path) for path in [*paths, *foreign]]
    assert len(set(keys)) == len(keys)
    assert set(keys).isdisjoint(folder for key in keys for folder in folders_above(key))


def test_page_lies_in_the_folder_of_its_ancestors(make):
    """A page with children is a file beside the folder of its name; a folder is only a folder."""
    layout = make.layout(
        make.page(1, "Home"), make.page(2, "Guide", 1), make.container(3, "Team / Ops", 2), make.page(4, "On call", 3)
    )
    assert layout.paths == {
        "1": "Docs/Home.md",
        "2": "Docs/Home/Guide.md",
        "4": "Docs/Home/Guide/Team - Ops/On call.md",
    }


def test_lowest_id_has_the_bare_name(make):
    """Case-only twins and canonical twins collide; every id but the lowest stands in the name."""
    layout = make.layout(make.page(10, "setup"), make.page(9, "Setup"), make.page(8, "é"), make.page(7, "E\u0301"))
    assert list(layout.paths.values()) == ["Docs/É.md", "Docs/é (8).md", "Docs/Setup.md", "Docs/setup (10).md"]


def test_file_is_not_a_folder(make):
    """A page titled `Foo.md` cannot have its folder where the page `Foo` has its file, now or later."""
    layout = make.layout(make.page(1, "Foo"), make.page(2, "foo.md"), make.page(3, "Child", 2))
    assert list(layout.paths.values()) == ["Docs/Foo.md", "Docs/foo.md (2).md", "Docs/foo.md (2)/Child.md"]


def test_title_that_looks_like_a_collision(make):
    """A title may already spell the name that another page would step aside to."""
    layout = make.layout(make.page(1, "A"), make.page(2, "A (3)"), make.page(3, "a"))
    assert layout.paths["3"] == "Docs/a (3) 2.md"


def test_leaf_that_becomes_a_parent_stays(make):
    """A page keeps its path when it gets its first child."""
    leaf = make.page(1, "Foo.md")
    before, after = make.layout(leaf), make.layout(leaf, make.page(2, "Child", 1))
    assert before.paths["1"] == after.paths["1"]


def test_foreign_files_keep_their_place(make):
    """A page steps aside for a foreign file of its name, of its folder's name, and for a folder of its file's name."""
    pages = [make.page(1, "Notes"), make.page(2, "Data"), make.page(3, "Log"), make.page(4, "Child", 2)]
    layout = make.layout(*pages, occupied=["Docs/NOTES.md", "Docs/data", "Docs/Log.md/today.txt"])
    assert list(layout.paths.values()) == [
        "Docs/Notes (1).md",
        "Docs/Data (2).md",
        "Docs/Log (3).md",
        "Docs/Data (2)/Child.md",
    ]


def test_foreign_file_in_our_folder_is_no_obstacle(make):
    """Other people may keep files beside ours."""
    layout = make.layout(make.page(1, "A"), make.page(2, "B", 1), occupied=["Docs/A/mine.txt", "Docs/other.md"])
    assert list(layout.paths.values()) == ["Docs/A.md", "Docs/A/B.md"]


@pytest.mark.parametrize("foreign", ["Docs", "docs", "a", "a/Docs"])
def test_foreign_file_instead_of_the_root(make, foreign):
    """Where a foreign file is in the place of the space's folder, nothing can be laid out."""
    root = "a/Docs" if foreign.startswith("a") else "Docs"
    with pytest.raises(ConfigurationError, match="there is a file in its place"):
        make.layout(make.page(1, "A"), root=root, occupied=[foreign])


def test_page_and_container_of_one_id(make):
    """What is both a page and a container is laid out once, as a page."""
    layout = make.layout(make.container(1, "Old"), make.page(1, "New"), make.page(2, "Child", 1))
    assert layout.paths == {"1": "Docs/New.md", "2": "Docs/New/Child.md"}


def test_id_is_not_trusted(make):
    """An id that is no number cannot lead out of the folder."""
    layout = make.layout(make.page("1", "A"), make.page("../../x", "A"), make.page("9" * 300, "A"))
    assert list(layout.paths.values()) == ["Docs/A.md", "Docs/A (__-..-x).md", f"Docs/A ({'9' * 20}).md"]


def test_deep_tree_shortens_its_longest_names(make):
    """Where a path would be too long, long names give way and short ones stay."""
    titles_down = ["Short", "L" * 300, "Ж" * 300, "M" * 300, "Ж" * 300, "Leaf"]
    pages = [make.page(number, title, number - 1 or None) for number, title in enumerate(titles_down, start=1)]
    path = make.layout(*pages).paths["6"]
    assert 900 < len(path.encode()) <= 1024
    assert path.startswith("Docs/Short/LLL")
    assert path.endswith("/Leaf.md")


@pytest.mark.parametrize("title", ["Page", "Ж" * 300, "\N{ROCKET}" * 100])
def test_deepest_tree(make, title):
    """Ten thousand levels fit: those that no path can hold are put further up, each file still its own."""
    pages = [make.page(number, title, number - 1 or None) for number in range(1, 10_001)]
    Random(1).shuffle(pages)
    layout = make.layout(*pages)
    assert max(len(path.encode()) for path in layout.paths.values()) <= 1024
    assert len({collision_key(path) for path in layout.paths.values()}) == 10_000
    assert "deeper than a path can be long" in layout.warnings[-1]


@given(snapshot=snapshots())
def test_paths_are_valid_and_apart(snapshot):
    """Every page has one valid path inside the root, and no two share it."""
    layout = plan_layout(snapshot, root="sub/Docs")
    assert layout.paths.keys() == snapshot.pages.keys()
    for path in layout.paths.values():
        assert check_path(path).startswith("sub/Docs/")
        assert path.endswith(".md")
    assert_apart(layout.paths.values())


@given(snapshot=snapshots(names=clashing_titles()), data=st.data())
def test_listing_order_does_not_matter(snapshot, data):
    """Any permutation of the listing gives the same paths and warnings."""
    pages = dict(data.draw(st.permutations(list(snapshot.pages.items()))))
    containers = dict(data.draw(st.permutations(list(snapshot.containers.items()))))
    shuffled = attrs.evolve(snapshot, pages=pages, containers=containers)
    one, other = plan_layout(snapshot, root="Docs"), plan_layout(shuffled, root="Docs")
    assert one.paths == other.paths
    assert one.warnings == other.warnings


@given(snapshot=snapshots(names=clashing_titles()), data=st.data())
def test_foreign_files_are_never_touched(snapshot, data):
    """Whatever paths others have taken, no page gets one of them, above or below."""
    wanted = list(plan_layout(snapshot, root="Docs").paths.values()) or ["Docs/x.md"]
    options = wanted + [path.removesuffix(".md") for path in wanted] + [f"{path}/deep/er" for path in wanted]
    foreign = []
    for path in data.draw(st.lists(st.sampled_from(options), max_size=4)):
        if not any(f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/") for other in foreign):
            foreign.append(path)
    layout = plan_layout(snapshot, root="Docs", occupied=foreign)
    ours = list(layout.paths.values())
    assert {collision_key(path) for path in foreign}.isdisjoint(map(collision_key, ours))
    keys = {collision_key(path) for path in foreign}
    assert keys.isdisjoint(collision_key(folder) for path in ours for folder in folders_above(path))
    assert {collision_key(path) for path in ours}.isdisjoint(
        collision_key(folder) for path in foreign for folder in folders_above(path)
    )


@given(names=st.lists(titles(), min_size=1, max_size=8), newcomer=titles())
def test_newcomer_moves_nobody(make, names, newcomer):
    """A page with a higher id than all others leaves every other path as it is."""
    pages = [make.page(number, title) for number, title in enumerate(names, start=1)]
    before, after = make.layout(*pages).paths, make.layout(*pages, make.page(99, newcomer)).paths
    assert {page_id: path for page_id, path in after.items() if page_id != "99"} == before


@given(names=st.lists(st.text("AB", min_size=1, max_size=300), min_size=20, max_size=60))
def test_long_chains_fit(make, names):
    """Whatever the lengths of the names, no path down a chain is too long."""
    pages = [make.page(number, title, number - 1 or None) for number, title in enumerate(names, start=1)]
    for path in make.layout(*pages, root="r" * 255 + "/" + "s" * 255).paths.values():
        check_path(path)


def test_stepping_aside_is_told(make):
    """Pages that step aside for foreign files are counted in a warning: perhaps the state file is another one."""
    snapshot = make.snapshot(make.page(1, "A"), make.page(2, "B", 1), make.page(3, "C"))
    (warning,) = plan_layout(snapshot, root="Docs", occupied=["Docs/A.md", "Docs/c.md", "Docs/x.md"]).warnings
    assert warning.startswith("2 pages or folders step aside")
    assert plan_layout(snapshot, root="Docs", occupied=["Docs/x.md"]).warnings == ()
