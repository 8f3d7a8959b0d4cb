"""Runs that others begun before them: killed or paused."""

from confluence_sync.engine import EngineOptions
from confluence_sync.models import Outcome


async def first_walk_cut_short(world, pages=8):
    """A first run that was killed after some of its pages were listed and spooled."""
    docs = world.space("DOCS")
    world.options = EngineOptions(body_batch=2, step_requests=1)
    for number in range(pages):
        docs.page(f"Page {number}", storage=f"<p>{number}</p>")
    async with world.engine() as engine:
        state = await engine.begin(world.mappings())
        while len(await world.collection(f"spool/default/{docs.id}")) < 6:
            await engine.step(state)
    world.clock.advance(world.options.lease + 1)
    return docs


async def test_first_walk_that_is_resumed_is_true(world):
    """Edits, renames and deletions between the kill and the next run are in its folder."""
    await first_walk_cut_short(world)
    world.site.page("Page 0").edit("<p>Edited.</p>")
    world.site.page("Page 1").trash()
    world.site.page("Page 2").rename("Zwei")
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert await world.files() == await world.clean_copy()


async def test_first_walk_that_is_resumed_fetches_what_changed(world):
    """Bodies that are spooled are not asked for again, but for those of the pages that were edited."""
    docs = await first_walk_cut_short(world)
    world.site.page("Page 0").edit("<p>Edited.</p>")
    report = await world.sync()
    assert report.counts.written == 9
    fetched = [request for request in world.site.requests if request.path == "/wiki/api/v2/pages"]
    assert [request.query["id"] for request in fetched] == [str(world.site.page("Page 0").id)]
    listing = [request for request in world.site.requests if request.path.endswith(f"/spaces/{docs.id}/pages")]
    assert listing[-1].query.get("body-format") is None
