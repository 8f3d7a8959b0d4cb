"""What a file owes to other pages, other spaces, other runs."""

from __future__ import annotations

import attrs

from confluence_sync.converter import ConvertOptions, Macro
from confluence_sync.engine import EngineOptions
from confluence_sync.models import Outcome

CHILDREN = '<ac:structured-macro ac:name="children" />'


async def test_a_list_of_children_follows_the_children(world):
    """A page that lists its children is written again when one comes, is renamed, or goes."""
    docs = world.space()
    parent = docs.page("Parent", parent=docs.homepage, storage=CHILDREN)
    first = docs.page("First", parent=parent)
    await world.sync()
    docs.page("Second", parent=parent)
    await world.sync()
    assert await world.files() == await world.clean_copy()
    first.rename("Renamed")
    await world.sync()
    assert await world.files() == await world.clean_copy()
    first.trash()
    await world.sync()
    assert await world.files() == await world.clean_copy()
    assert await world.dead_links() == []
    assert (await world.sync()).counts.written == 0


async def test_a_space_takes_over_the_name_of_another(world):
    """A space renamed to the name that another gives up moves once the other has left; nothing is overwritten."""
    old, new = world.space("OLD"), world.space("NEW")
    for space in (old, new):
        space.page("Same", parent=None, storage=f"<p>{space.key}</p>")
    await world.sync()
    old.rename("Archive")
    new.rename("Old")
    await world.sync()
    await world.sync()
    assert await world.files() == await world.clean_copy()
    assert (await world.sync()).counts.written == 0


async def test_two_spaces_swap_their_names(world):
    """Even then no file is lost, and some runs later each is where a clean first run puts it."""
    left, right = world.space("LEFT"), world.space("RIGHT")
    for space in (left, right):
        space.page("Same", parent=None, storage=f"<p>{space.key}</p>")
    await world.sync()
    before = len(await world.files())
    left.rename("Right")
    right.rename("Left")
    for _ in range(3):
        assert (await world.sync()).outcome is Outcome.SUCCEEDED
        assert len(await world.files()) == before
    assert await world.files() == await world.clean_copy()


async def test_a_host_s_macro_counts_as_another_converter(world):
    """When a host registers a macro, the files are written again."""
    docs = world.space()
    docs.page("Page", parent=docs.homepage, storage='<ac:structured-macro ac:name="greeting" />')
    await world.sync()

    def greet(macro: Macro) -> None:
        macro.write_text("Good morning")

    world.options = attrs.evolve(EngineOptions(), conversion=ConvertOptions(macros={"greeting": greet}))
    assert (await world.sync()).counts.written == 2
    assert "Good morning" in await world.text("Docs/Docs Home/Page.md")
    assert (await world.sync()).counts.written == 0


async def test_a_dead_run_is_closed_by_the_next(world):
    """A run whose process died is not under way for ever in the list of runs."""
    world.space()
    await world.run_until_killed(9)
    async with world.engine() as engine:
        assert [record.outcome for record in await engine.runs()] == [None]
    world.clock.advance(600)
    await world.sync()
    async with world.engine() as engine:
        last, dead = await engine.runs()
    assert (last.outcome, dead.outcome) == (Outcome.SUCCEEDED, Outcome.FAILED)
    assert dead.ended_at is not None
    assert "died" in dead.message
