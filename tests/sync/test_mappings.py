"""Spaces to choose from, and mappings saved as a whole."""

import pytest
from sync_world import ACME, mapping

from confluence_sync.connections import MovedFiles
from confluence_sync.errors import ConfigurationError, RunInProgressError
from confluence_sync.events import PageMoved
from confluence_sync.models import Outcome, RunMode, SpaceId, SpaceMapping


@pytest.fixture
async def connected(world):
    await world.connect()
    return world


async def test_spaces_to_choose_from(connected):
    """All of them, by name; personal and archived ones are marked, mapped ones know their folder."""
    docs = connected.space("DOCS")
    connected.space("OLD", status="archived")
    connected.space("~557058", type="personal")
    connected.space("KB", type="knowledge_base")
    await connected.map(docs, folder="handbook")
    choices = await connected.sync.spaces(ACME)
    assert [(c.space.key, c.personal, c.archived, c.mapped_to) for c in choices] == [
        ("DOCS", False, False, "handbook"),
        ("KB", False, False, None),
        ("OLD", False, True, None),
        ("~557058", True, False, None),
    ]


async def test_archived_spaces_can_be_mapped(connected):
    """They are marked, not forbidden."""
    old = connected.space("OLD", status="archived")
    await connected.map(old)
    assert (await connected.run()).outcome is Outcome.SUCCEEDED


async def test_refused_mappings_change_nothing(connected):
    """Each refusal says why."""
    docs, team = connected.space("DOCS"), connected.space("TEAM")
    await connected.map(docs)
    before = await connected.sync.mappings(ACME)
    refused = {
        "mapped twice": [mapping(docs), mapping(docs, "else")],
        "inside the folder": [mapping(docs), mapping(team, "Docs")],
        "no space 999": [mapping(docs), SpaceMapping(space_id=SpaceId("999"))],
        "not a valid document path": [mapping(docs, "../up")],
        "no good name": [mapping(docs, "con")],
    }
    for reason, mappings in refused.items():
        with pytest.raises(ConfigurationError, match=reason):
            await connected.sync.save_mappings(ACME, mappings)
    assert await connected.sync.mappings(ACME) == before


async def test_folder_changed_moves_files_at_the_next_run(connected):
    """They are moved, not fetched again."""
    docs = connected.space("DOCS")
    await connected.map(docs, folder="old")
    await connected.run()
    await connected.map(docs, folder="new")
    report = await connected.run(RunMode.INCREMENTAL)
    assert (report.counts.moved, report.counts.written) == (3, 0)
    assert len(connected.told(PageMoved)) == 3
    assert {path.split("/")[0] for path in await connected.paths()} == {"new"}


async def test_folder_changed_leaves_files(connected):
    """They are nobody's from then on, whatever becomes of their pages."""
    docs = connected.space("DOCS")
    await connected.map(docs, folder="old")
    await connected.run()
    await connected.map(docs, folder="new", files=MovedFiles.LEAVE)
    assert (await connected.run(RunMode.INCREMENTAL)).counts.written == 3
    connected.site.page("DOCS 0").trash()
    await connected.run()
    folders = [path.split("/")[0] for path in await connected.paths()]
    assert (folders.count("old"), folders.count("new")) == (3, 2)


async def test_only_what_moves_is_left(connected):
    """A space that stays in its folder keeps its files, whatever becomes of those of others."""
    docs, team = connected.space("DOCS"), connected.space("TEAM")
    await connected.map(docs, team, folder="a")
    await connected.run()
    mappings = [mapping(docs, "b"), mapping(team, "a")]
    await connected.sync.save_mappings(ACME, mappings, files=MovedFiles.LEAVE)
    counts = (await connected.run()).counts
    assert (counts.written, counts.unchanged) == (3, 3)


async def test_space_that_is_mapped_no_more_keeps_its_files(connected):
    """And takes them up again when it is mapped again, even if pages changed meanwhile."""
    docs, team = connected.space("DOCS"), connected.space("TEAM")
    await connected.map(docs, team)
    await connected.run()
    await connected.map(team)
    assert (await connected.run()).counts.listed == 3
    assert len(await connected.paths()) == 6
    connected.site.page("DOCS 0").edit("<p>Changed</p>")
    connected.site.page("DOCS 1").trash()
    await connected.map(docs, team)
    counts = (await connected.run(RunMode.INCREMENTAL)).counts
    assert (counts.written, counts.unchanged, counts.deleted) == (1, 4, 1)
    assert len(await connected.paths()) == 5


async def test_nothing_is_mapped(connected):
    """Nothing is a valid choice, of which there is nothing to run."""
    await connected.map()
    with pytest.raises(ConfigurationError, match="no space is mapped"):
        await connected.run()


async def test_mappings_are_not_changed_under_a_run(connected):
    """A run relies on them."""
    docs = connected.space("DOCS")
    await connected.map(docs)
    async with connected.sync.sync_now(ACME):
        with pytest.raises(RunInProgressError, match="under way"):
            await connected.map(docs, folder="new")
    await connected.map(docs, folder="new")


async def test_run_that_was_just_about_to_begin(connected):
    """Mappings that were saved between its first look and its lease go before what it saw."""
    docs = connected.space("DOCS")
    await connected.map(docs)
    get = connected.sync._host.mappings.get

    async def stale(connection_id):
        saved = await get(connection_id)
        connected.sync._host.mappings.get = get
        await connected.map(docs, folder="new")
        return saved

    connected.sync._host.mappings.get = stale
    report = await connected.run()
    assert report.outcome is Outcome.CANCELLED
    assert "changed just now" in report.message
    assert await connected.paths() == []


async def test_mappings_of_a_site_that_is_away(connected):
    """Spaces that are known need no site: they can be moved and removed."""
    docs = connected.space("DOCS")
    await connected.map(docs)
    connected.site.fail(status=503, times=None)
    await connected.map(docs, folder="new")
    await connected.map()
    assert await connected.sync.mappings(ACME) == ()


async def test_mappings_after_a_paused_run(connected):
    """What the paused run had to do is not what there is to do now."""
    docs, team = connected.space("DOCS"), connected.space("TEAM")
    await connected.map(docs)
    connected.use_up_quota()
    assert (await connected.run()).outcome is Outcome.PAUSED
    connected.site.heal()
    await connected.map(docs, team, folder="new")
    assert (await connected.run(RunMode.INCREMENTAL)).counts.written == 6
    assert {path.split("/")[0] for path in await connected.paths()} == {"new"}
