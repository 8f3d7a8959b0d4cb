"""How tables are written is for each mapping to say, and a change of mind reaches the files of that mapping alone."""

from __future__ import annotations

import json

import attrs

from confluence_sync import documents
from confluence_sync.converter import ConvertOptions
from confluence_sync.engine import EngineOptions, RunState
from confluence_sync.events import PageWritten
from confluence_sync.models import ConnectionId, Reason, RunId, RunMode, SpaceId, SpaceMapping, TableStyle, Trigger

TABLE = '<table><tbody><tr><td colspan="2"><ul><li>item</li></ul></td></tr></tbody></table>'
HTML = EngineOptions(conversion=ConvertOptions(tables=TableStyle.HTML))


def two_spaces(world):
    for key in ("DOCS", "OPS"):
        world.space(key).page("Tables", parent=None, storage=TABLE)


async def styles(world):
    """Space by space, whether the table is HTML."""
    return {
        path.partition("/")[0]: "<table>" in await world.text(path) for path in await world.paths() if "Tab" in path
    }


async def test_a_mapping_changes_its_style(world):
    """Only the files of its space are written again, with the reason, and the dry run has said so."""
    two_spaces(world)
    await world.sync()
    assert await styles(world) == {"Docs": False, "Ops": False}
    world.mapped["OPS"]["tables"] = TableStyle.HTML
    async with world.engine() as engine:
        plans = await engine.plan(world.mappings())
    assert [{write.reason for write in plan.writes} for plan in plans] == [set(), {Reason.CONVERTER_CHANGED}]
    report = await world.sync()
    assert report.counts.written == len(plans[1].writes)
    assert {event.path.partition("/")[0] for event in world.told(PageWritten)} == {"Ops"}
    assert await styles(world) == {"Docs": False, "Ops": True}
    assert (await world.sync()).counts.written == 0
    assert await world.files() == await world.clean_copy()


async def test_an_incremental_run_sees_it_too(world):
    """A change of style needs no change of a page to be seen."""
    two_spaces(world)
    await world.sync()
    world.mapped["DOCS"]["tables"] = TableStyle.HTML
    await world.sync(RunMode.INCREMENTAL)
    assert await styles(world) == {"Docs": True, "Ops": False}
    assert (await world.sync(RunMode.INCREMENTAL)).counts.written == 0


async def test_the_mapping_goes_before_the_options(world):
    """What the engine's options say holds for the mappings that say nothing; to say the same is no change."""
    two_spaces(world)
    world.options = HTML
    world.mapped["DOCS"]["tables"] = TableStyle.MARKDOWN
    await world.sync()
    assert await styles(world) == {"Docs": False, "Ops": True}
    world.mapped["OPS"]["tables"] = TableStyle.HTML
    assert (await world.sync()).counts.written == 0


async def test_a_killed_run_goes_on_in_its_style(world):
    """The style of a run that is taken over by another process is the one in its state."""
    two_spaces(world)
    world.options = attrs.evolve(world.options, step_writes=1)
    world.mapped["OPS"]["tables"] = TableStyle.HTML
    async with world.engine() as engine:
        state = await engine.begin(world.mappings())
    done = False
    while not done:
        async with world.engine() as engine:
            state = documents.load(RunState, documents.dump(state))
            done = (await engine.step(state)).done
    assert await styles(world) == {"Docs": False, "Ops": True}


def test_states_without_a_style_can_be_loaded(world):
    """A run that began before mappings had styles goes on; a style is kept by its name."""
    mapping = SpaceMapping(space_id=SpaceId("1"))
    state = RunState(
        run_id=RunId("r"),
        connection_id=ConnectionId("c"),
        mode=RunMode.FULL,
        trigger=Trigger.MANUAL,
        mappings=(mapping,),
        started_at=world.clock.now(),
    )
    document = json.loads(documents.dump(state))
    assert document["RunState"]["mappings"] == [{"space_id": "1"}]
    assert documents.load(RunState, json.dumps(document).encode()) == state
    html = attrs.evolve(state, mappings=(attrs.evolve(mapping, tables=TableStyle.HTML),))
    assert documents.load(RunState, documents.dump(html)) == html
