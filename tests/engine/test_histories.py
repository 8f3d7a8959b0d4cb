"""Whatever happens on the site, in whatever order and with whatever faults, the folder follows."""

import asyncio

from engine_world import World, link
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from confluence_sync.models import Outcome, RunMode

TITLES = ["A", "a", "B", "A.md", "A/B", "B (65540)", "_moving (65539) parked"]
quiet = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None
)

changes = st.lists(
    st.tuples(
        st.sampled_from(["page", "folder", "edit", "rename", "move", "trash", "restore", "other space"]),
        st.integers(0, 30),
        st.integers(0, 30),
        st.sampled_from(TITLES),
    ),
    max_size=5,
)


class History:
    """Changes to a site with two spaces, named by numbers."""

    def __init__(self):
        self.world = World()
        self.spaces = [self.world.space("ONE"), self.world.space("TWO")]
        self.nodes = [space.homepage for space in self.spaces]

    def make(self, what, first, second, title):
        node, other = self.nodes[first % len(self.nodes)], self.nodes[second % len(self.nodes)]
        lineage = [other, *other.lineage()]
        match what:
            case "page":
                body = link(title) + link("B", "TWO") + link("A", "ONE")
                self.nodes.append(node.space.page(title, parent=node, storage=body))
            case "folder":
                self.nodes.append(node.space.folder(title, parent=node))
            case "edit" if node.type == "page":
                node.edit(link(title))
            case "rename":
                node.rename(title)
            case "move" if node not in lineage and node.parent is not None:
                node.move(other)
            case "other space" if node.parent is not None:
                node.move(self.spaces[second % 2])
            case "trash" if node.parent is not None and node.type == "page":
                node.trash()
            case "restore":
                node.restore()


@quiet
@given(rounds=st.lists(changes, min_size=2, max_size=3))
def test_every_run_leads_to_the_clean_folder(rounds):
    """After each run the folder is what a first run would make, and every link in it leads to a file."""

    async def story():
        history = History()
        for mapped in history.world.mapped.values():
            mapped["max_delete_files"] = 100
        for number, happened in enumerate(rounds):
            for change in happened:
                history.make(*change)
            if number:
                await history.world.sync(RunMode.INCREMENTAL)
            report = await history.world.sync()
            assert report.outcome is Outcome.SUCCEEDED, report.summary()
            assert await history.world.files() == await history.world.clean_copy()
            assert await history.world.dead_links() == []
            again = await history.world.sync()
            assert again.counts.unchanged == again.counts.listed, again.summary()

    asyncio.run(story())


faults = st.lists(
    st.fixed_dictionaries(
        {
            "path": st.sampled_from(
                ["", "/pages", "/spaces/", "/folders/", "/wiki/api/v2/pages", "/users-bulk", "/search"]
            ),
            "kind": st.sampled_from(["status", "timeout", "reset", "truncated", "invalid_json"]),
            "status": st.sampled_from([400, 401, 403, 404, 413, 429, 500, 503]),
            "times": st.sampled_from([1, 4, 20]),
            "skip": st.integers(0, 6),
        }
    ),
    max_size=3,
)


@quiet
@given(
    happened=changes, more=changes, broken=faults, kill=st.none() | st.integers(5, 60), mode=st.sampled_from(RunMode)
)
def test_faults_add_up_and_are_mended(happened, more, broken, kill, mode):
    """Whatever goes wrong, counts add up and no run is lost; once it ends, one more run leads to the clean folder."""

    async def story():
        history = History()
        world = history.world
        for mapped in world.mapped.values():
            mapped["max_delete_files"] = 100
        for change in happened:
            history.make(*change)
        await world.sync()
        for change in more:
            history.make(*change)
        for fault in broken:
            world.site.fail(**fault)
        if kill is not None:
            await world.run_until_killed(kill, mode)
            world.clock.advance(200)
        await world.sync(mode)
        world.site.heal()
        report = await world.sync()
        assert report.outcome is Outcome.SUCCEEDED, report.summary()
        assert await world.files() == await world.clean_copy()
        assert await world.dead_links() == []

    asyncio.run(story())
