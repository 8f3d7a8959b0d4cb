"""What a file owes to other pages, other spaces, other runs."""

from __future__ import annotations

import re

import attrs
from engine_world import link

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


def two_alike(world, *keys):
    """Spaces with pages of the same titles."""
    spaces = [world.space(key) for key in keys]
    for space in spaces:
        home = space.page("Same", parent=None, storage=f"<p>{space.key}</p>")
        space.page("Below", parent=home, storage=link("Same"))
    return spaces


async def assert_settled(world):
    """One run was enough: the folder is clean, and another run has nothing to do."""
    assert await world.files() == await world.clean_copy()
    assert await world.dead_links() == []
    again = await world.sync()
    assert again.counts.unchanged == again.counts.listed


async def test_a_space_takes_over_the_name_of_another(world):
    """A space renamed to the name that another gives up moves once the other has left, in the same run."""
    old, new = two_alike(world, "OLD", "NEW")
    await world.sync()
    old.rename("Archive")
    new.rename("Old")
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    await assert_settled(world)


async def test_two_spaces_swap_their_names(world):
    """Files of one space make room for those of the other: one run is enough, and nothing is fetched."""
    left, right = two_alike(world, "LEFT", "RIGHT")
    await world.sync()
    left.rename("Right")
    right.rename("Left")
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED
    assert "GET /wiki/api/v2/pages" not in world.requests
    await assert_settled(world)


async def test_three_spaces_take_each_other_s_folders(world):
    """The same when it is the mappings that change, in a ring."""
    two_alike(world, "ONE", "TWO", "THREE")
    for space in ("ONE", "TWO", "THREE"):
        world.site.space(space).rename("Docs")
    folders = {"ONE": "a", "TWO": "b", "THREE": "c"}
    world.mapped = {key: {"folder": folder} for key, folder in folders.items()}
    await world.sync()
    world.mapped = {"ONE": {"folder": "b"}, "TWO": {"folder": "c"}, "THREE": {"folder": "a"}}
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert "GET /wiki/api/v2/pages" not in world.requests
    await assert_settled(world)


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


def meanwhile(world, path, act):
    """Let something happen right after the first answer to a request for a path."""
    handle = world.site.handle

    def answer(request):
        response = handle(request)
        if request.path.endswith(path):
            world.site.handle = handle
            act()
        return response

    world.site.handle = answer


async def test_a_page_moves_into_a_space_that_was_listed_already(world):
    """In no tree, but alive in a mapped space: its file stays until a run has seen it there."""
    one, two = world.space("ONE"), world.space("TWO")
    page = two.page("Page", parent=None, storage="<p>x</p>")
    await world.sync()
    meanwhile(world, f"/spaces/{one.id}/pages", lambda: page.move(one))
    report = await world.sync()
    assert (report.outcome, report.counts.deleted) == (Outcome.PARTIAL, 0)
    assert [path for path in await world.files() if path.endswith("/Page.md")] == ["Two/Page.md"]
    await world.sync()
    assert await world.files() == await world.clean_copy()


async def test_a_page_moves_out_of_a_space_that_was_listed_already(world):
    """In both trees: it lands once, where it is."""
    one, two = world.space("ONE"), world.space("TWO")
    page = one.page("Page", parent=None, storage="<p>x</p>")
    meanwhile(world, f"/spaces/{one.id}/pages", lambda: page.move(two))
    await world.sync()
    assert [path for path in await world.files() if path.endswith("/Page.md")] == ["Two/Page.md"]
    assert (await world.sync()).counts.written == 0
    assert await world.files() == await world.clean_copy()


async def test_nothing_is_deleted_in_a_space_that_does_not_answer(world):
    """Before anything is deleted the space itself has to answer."""
    docs = world.space()
    gone = docs.page("Gone", parent=docs.homepage)
    await world.sync()
    gone.purge()
    path = f"/wiki/api/v2/spaces/{docs.id}"
    meanwhile(world, f"{path}/pages", lambda: world.site.fail(re.compile(f"{path}$"), status=404, times=None))
    report = await world.sync()
    assert (report.outcome, report.counts.deleted) == (Outcome.FAILED, 0)
    assert "Docs/Docs Home/Gone.md" in await world.files()
