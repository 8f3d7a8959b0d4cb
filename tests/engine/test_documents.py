"""What the engine keeps can be kept: every record comes back from its document as it was."""

from datetime import UTC, datetime

import pytest
from engine_world import link

from confluence_sync import documents
from confluence_sync.adapters import FsspecVFS
from confluence_sync.adapters.sqlite import SQLiteDatabase
from confluence_sync.engine import RunRecord, RunState
from confluence_sync.engine._records import HeldDeletions, PageDigests, Phase, SpaceRecord, Stage, Walk
from confluence_sync.events import Counts
from confluence_sync.models import (
    ConnectionId,
    Outcome,
    PageId,
    Reason,
    RunId,
    RunMode,
    Space,
    SpaceId,
    SpaceMapping,
    Trigger,
)
from confluence_sync.planner import DeletePage

AT = datetime(2026, 1, 5, 9, 30, 15, 123000, tzinfo=UTC)
SPACE = Space(id=SpaceId("1"), key="DOCS", name="Docs", homepage_id=PageId("7"))
RUN = {
    "run_id": RunId("r"),
    "connection_id": ConnectionId("c"),
    "mode": RunMode.REBUILD,
    "trigger": Trigger.SCHEDULED,
    "started_at": AT,
}
WALK = Walk(
    generation=2,
    with_bodies=True,
    started_at=AT,
    cursor="x",
    pages=3,
    base_url="u",
    finished=True,
    restarted=True,
    resumed=True,
)

RECORDS = [
    SpaceRecord(space=SPACE, base_url="https://example.atlassian.net/wiki"),
    SpaceRecord(
        space=SPACE, base_url="u", generation=1, complete=True, watermark=AT, reconciled_at=AT, spooled=True, walk=WALK
    ),
    PageDigests(page_id=PageId("7"), digests=("a", "b")),
    HeldDeletions(
        space_id=SPACE.id,
        token="t",
        deletions=(DeletePage(PageId("7"), "Docs/A.md", Reason.GONE),),
        managed=20,
        run_id=RunId("r"),
        at=AT,
        confirmed=True,
    ),
    RunRecord(**RUN),
    RunRecord(**RUN, ended_at=AT, outcome=Outcome.PAUSED, counts=Counts(listed=3), resume_at=AT, message="quota"),
    RunState(**RUN, mappings=(SpaceMapping(space_id=SPACE.id),)),
    RunState(
        **RUN,
        mappings=(SpaceMapping(space_id=SPACE.id, folder="a/b", max_delete_share=0.5),),
        phase=Phase.WRITE,
        stages={SPACE.id: Stage.LISTED},
        seq=9,
        counts=Counts(listed=3, failed=1),
        looked_until={SPACE.id: AT},
        written_to={SPACE.id: PageId("7")},
        failed_pages={PageId("7")},
        troubled=True,
        requests=4,
        points=5,
        outcome=Outcome.PARTIAL,
        resume_at=AT,
        rebuilt_to={SPACE.id: PageId("6")},
        asked_names=True,
        continues=RunId("q"),
        pauses=2,
    ),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_records_round_trip(record):
    """Nothing is lost or changed on the way to a document and back."""
    assert documents.load(type(record), documents.dump(record)) == record


async def test_everything_on_disk(world, tmp_path):
    """With a database file and a local folder the same stories end the same."""
    docs = world.space("DOCS")
    guide = docs.page("Guide", parent=docs.homepage, storage=link("Setup"))
    docs.page("Setup", parent=guide, storage=link("Guide"))
    world.vfs = FsspecVFS.from_url(str(tmp_path / "pages"))
    async with SQLiteDatabase(tmp_path / "state.db", clock=world.clock) as database:
        world.store, world.sink = database.state, database.log
        assert (await world.sync()).outcome is Outcome.SUCCEEDED
        assert (tmp_path / "pages/Docs/Docs Home/Guide/Setup.md").is_file()
        guide.rename("guide")
        world.site.page("Setup").edit("<p>New.</p>")
        docs.page("Guide", parent=docs.homepage, storage=link("Setup"), id=1)
        for point in range(10, 40, 7):
            await world.run_until_killed(point)
            world.clock.advance(200)
        assert (await world.sync()).outcome is Outcome.SUCCEEDED
        assert await world.files() == await world.clean_copy()
        again = await world.sync()
        assert again.counts.unchanged == again.counts.listed
