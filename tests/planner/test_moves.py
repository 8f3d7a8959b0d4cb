"""Moves in an order in which nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_sync.paths import check_path, collision_key
from confluence_sync.planner import MovePage
from confluence_sync.planner._moves import SpareNames, order_moves


def order(*pairs, taken=()):
    """Order moves given as "source -> target", of pages 1, 2, 3..."""
    moves = [MovePage(str(number), *pair.split(" -> "), space_id="s") for number, pair in enumerate(pairs, start=1)]
    paths = [path for move in moves for path in (move.source, move.target)]
    return [str(move).removeprefix("move ") for move in order_moves(moves, SpareNames({"s": "r"}, [*paths, *taken]))]


def test_independent_moves_keep_their_order():
    """Moves that have nothing to do with each other come as given."""
    assert order("r/b -> r/c", "r/a -> r/d") == ["r/b -> r/c", "r/a -> r/d"]


def test_chain():
    """A file waits until its target is free."""
    assert order("r/a -> r/b", "r/b -> r/c", "r/c -> r/d") == ["r/c -> r/d", "r/b -> r/c", "r/a -> r/b"]


def test_swap():
    """Two files change places through a spare name."""
    parked = "r/_moving (1) parked.md"
    assert order("r/a -> r/b", "r/b -> r/a") == [f"r/a -> {parked}", "r/b -> r/a", f"{parked} -> r/b"]


def test_ring():
    """A ring of any size takes one move more than it has files."""
    moves = order(*(f"r/{number} -> r/{(number + 1) % 5}" for number in range(5)))
    assert len(moves) == 6
    assert moves[-1] == "r/_moving (1) parked.md -> r/1"


def test_case_only_rename():
    """A change of case is no obstacle to itself, but to others it is."""
    assert order("r/a -> r/A") == ["r/a -> r/A"]
    assert order("r/b -> r/A", "r/a -> r/c") == ["r/a -> r/c", "r/b -> r/A"]


def test_file_becomes_a_folder():
    """A file leaves before others come to lie below its name."""
    assert order("r/x -> r/A.md/x", "r/A.md -> r/B.md") == ["r/A.md -> r/B.md", "r/x -> r/A.md/x"]


def test_folder_becomes_a_file():
    """All files leave a folder before a file takes its name."""
    moves = order("r/A2.md -> r/A.md", "r/A.md/x -> r/B/x", "r/a.md/y -> r/B/y")
    assert moves[-1] == "r/A2.md -> r/A.md"
    assert sorted(moves[:-1]) == ["r/A.md/x -> r/B/x", "r/a.md/y -> r/B/y"]


@pytest.mark.parametrize(("source", "target"), [("r/A.md", "r/A.md/A.md"), ("r/A.md/A.md", "r/A.md")])
def test_file_moves_into_its_own_name(source, target):
    """A file that is in its own way is parked first."""
    parked = "r/_moving (1) parked.md"
    assert order(f"{source} -> {target}") == [f"{source} -> {parked}", f"{parked} -> {target}"]


def test_chain_of_ten_thousand():
    """A long chain needs neither recursion nor spare names."""
    moves = order(*(f"r/{number} -> r/{number + 1}" for number in range(10_000)))
    assert moves[0] == "r/9999 -> r/10000"
    assert len(moves) == 10_000


def test_parking_place_is_free():
    """A page may have the title of a spare name; it is not overwritten."""
    moves = order("r/a -> r/b", "r/b -> r/a", taken=["r/_MOVING (1) parked.md", "r/_moving (1) parked 2.md/x"])
    assert moves[0] == "r/a -> r/_moving (1) parked 3.md"


def test_spare_names_are_valid_and_different():
    """However long the name, a spare one fits, and no two are the same."""
    spare = SpareNames({"s": "r"}, [])
    names = [spare.take("Ж" * 126, "12345", "old", "s") for _ in range(3)]
    assert len({collision_key(check_path(name)) for name in names}) == 3


names = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join).map("r/{}".format)


def apart(paths):
    return not any(f"{one}/".startswith(f"{other}/") for one in paths for other in paths if one is not other)


@given(
    sources=st.lists(names, max_size=7, unique=True).filter(apart),
    targets=st.lists(names, min_size=7, max_size=9, unique=True).map(
        lambda paths: [path for number, path in enumerate(paths) if apart([*paths[:number], path])]
    ),
)
def test_no_move_meets_a_file(sources, targets):
    """Any moves between two folders that can be are done without one file meeting another."""
    moves = [
        MovePage(str(number), *pair, space_id="s") for number, pair in enumerate(zip(sources, targets, strict=False))
    ]
    moves = [move for move in moves if move.source != move.target]
    files = {move.source: move.page_id for move in moves}
    for move in order_moves(moves, SpareNames({"s": "r"}, [*sources, *targets])):
        page_id = files.pop(move.source)
        assert apart([*files, move.target])
        files[move.target] = page_id
    assert files == {move.target: move.page_id for move in moves}
