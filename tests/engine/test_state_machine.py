"""
Random histories of a site and a folder, and what must hold after each run, as the oracle says.

A few hundred steps by default; thousands with CONFLUENCE_SYNC_LONG=1, see CONTRIBUTING.
"""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from posixpath import dirname

import attrs
import pytest
from caseless import CaselessVFS
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from oracle import alike
from site_story import KEYS, SiteStory, beginnings, changes
from story_world import FIGURES, SECRETS, FailingVFS, StoryWorld
from synced_files import front_matter, led_to

from confluence_sync.engine import RunState
from confluence_sync.models import DeletionPolicy, Outcome, RunMode, Trigger

LONG = bool(os.environ.get("CONFLUENCE_SYNC_LONG"))
FOLDERS = ("", "Team", "team", "Team/Deep")

faults = st.lists(
    st.fixed_dictionaries(
        {
            "path": st.sampled_from(["", "/pages", "/spaces/", "/folders/", "/users-bulk", "/search"]),
            "kind": st.sampled_from(["status", "timeout", "reset", "truncated", "invalid_json", "ends_early"]),
            "status": st.sampled_from([400, 401, 403, 404, 413, 429, 500, 503]),
            "times": st.sampled_from([1, 4, 20]),
            "skip": st.integers(0, 6),
        }
    ).filter(lambda fault: fault["kind"] != "ends_early" or fault["path"] in {"/pages", "/search"}),
    max_size=2,
)
meanwhile = st.dictionaries(st.integers(1, 12), changes, max_size=3)
calls = st.integers(0, 90)


class Histories(RuleBasedStateMachine):
    """A site, a folder, people at both, a host that changes its mind, and runs in between."""

    @initialize(caseless=st.booleans(), first=beginnings)
    def build(self, caseless, first):
        FIGURES["histories"] += 1
        self.runner = asyncio.Runner()
        self.world = StoryWorld(caseless=caseless)
        self.typed: dict[bytes, str | None] = {}
        self.left: dict[str, dict[str, bytes]] = {}  # files of spaces that are no longer mapped, by key
        self.released: dict[str, bytes] = {}  # what broken runs left of pages that were gone and to be kept
        self.unsettled = True
        self.misled = False
        self.taken = False
        self.keeps = False
        for change in first:
            self.story.make(change)

    @property
    def story(self) -> SiteStory:
        return self.world.story

    def do(self, coroutine):
        return self.runner.run(coroutine)

    def files(self) -> dict[str, bytes]:
        return self.do(self.world.files())

    @invariant()
    def count(self):
        FIGURES["steps"] += 1

    # What people do

    @rule(happened=st.lists(changes, min_size=1, max_size=5))
    def people_change_the_site(self, happened):
        for change in happened:
            self.story.make(change)

    @rule(seconds=st.sampled_from([1, 600, 3600, 90_000]))
    def time_passes(self, seconds):
        self.world.clock.advance(seconds)

    @rule(latency=st.sampled_from([0.0, 7.0]), lag=st.sampled_from([0, 50, 600, 7200]))
    def site_slows_down(self, latency, lag):
        """Runs take minutes, and the index of the search learns of changes later."""
        site = self.world.site
        site.latency, site.settings = latency, attrs.evolve(site.settings, index_lag=timedelta(seconds=lag))

    @rule(which=st.integers(0, 30))
    def somebody_edits_a_file(self, which):
        ours = self.ours()
        if ours:
            path = sorted(ours)[which % len(ours)]
            self.type(path, ours[path]["page_id"])

    @rule(which=st.integers(0, 30))
    def somebody_deletes_a_file(self, which):
        paths = sorted(path for path, data in self.files().items() if data not in self.typed)
        if paths:
            path = paths[which % len(paths)]
            self.do(self.world.vfs.delete(path))
            self.taken = True
            for files in (*self.left.values(), self.released):
                files.pop(self.place(path), None)
            self.unsettled = True

    @rule(
        which=st.integers(0, 30),
        name=st.sampled_from(["A.md", "a", "B.md", "A/notes.txt", "_moving (65539) parked.md"]),
    )
    def somebody_adds_a_file(self, which, name):
        """Only where nothing of ours is, or was a moment ago: what is put there counts as an edit of ours."""
        paths = sorted(self.files())
        if self.unsettled or not paths:
            return
        path = f"{dirname(paths[which % len(paths)])}/{name}"
        folded = [other.casefold() for other in paths]
        clash = [
            it for it in folded if f"{it}/".startswith(f"{path.casefold()}/") or path.casefold().startswith(f"{it}/")
        ]
        if not clash:
            self.type(path, None)

    def type(self, path, page_id):
        data = b"typed %d" % len(self.typed)
        self.typed[data] = page_id
        self.do(self.world.vfs.write(path, data, {}))

    # What the host decides

    @rule(key=st.sampled_from(KEYS), folder=st.sampled_from(FOLDERS))
    def host_maps_a_space(self, key, folder):
        """For the first time, again, or to another folder."""
        self.story.destinations[key] = folder
        self.left.pop(key, None)
        self.unsettled = True

    @rule(key=st.sampled_from(KEYS))
    def host_removes_a_mapping(self, key):
        """Its files stay where they are, and are nobody's as long as the space is not mapped."""
        if key in self.story.destinations and len(self.story.destinations) > 1:
            del self.story.destinations[key]
            recorded = self.recorded([key]) - self.recorded(self.story.destinations)
            self.left[key] = {path: data for path, data in self.spelled(self.files()).items() if path in recorded}
            self.unsettled = True

    @rule(keeps=st.booleans())
    def host_keeps_what_is_gone(self, keeps):
        self.keeps = keeps
        policy = DeletionPolicy.KEEP if keeps else DeletionPolicy.DELETE
        self.world.options_of_mappings["deletions"] = policy
        self.unsettled = True

    # Runs

    @rule()
    def full_run(self):
        self.complete_run(RunMode.FULL)

    @rule()
    def full_run_twice(self):
        """The second run over a site at rest writes nothing."""
        self.full_run()
        before = self.files()
        counts = self.do(self.world.sync()).counts
        assert counts.unchanged + counts.skipped == counts.listed or self.story.hidden, counts
        assert counts.skipped <= len(self.story.blank) or self.story.hidden, counts
        assert self.files() == before

    @rule(mode=st.sampled_from([RunMode.FULL, RunMode.REBUILD, RunMode.INCREMENTAL]))
    def run_by_steps(self, mode):
        self.catch_up()
        had = self.pages_with_files()
        state = self.do(self.world.sync_by_steps(mode))
        self.look_after(state, had, complete=mode is not RunMode.INCREMENTAL)

    @rule(trigger=st.sampled_from(Trigger))
    def incremental_run(self, trigger):
        self.catch_up()
        had = self.pages_with_files()
        report = self.do(self.world.sync(RunMode.INCREMENTAL, trigger))
        self.look_after(report, had, complete=False)

    @rule()
    def rebuild(self):
        self.complete_run(RunMode.REBUILD)

    def complete_run(self, mode):
        self.catch_up()
        had = self.pages_with_files()
        self.look_after(self.do(self.world.sync(mode)), had, complete=True)

    def catch_up(self):
        """Let one more run do what paused ones left to do: it need not look at all of the site."""
        if self.do(self.world.collection("paused/default")):
            self.do(self.world.sync())
            self.look_into_folder()

    @rule(happened=st.lists(changes, max_size=3))
    def guarded_run(self, happened):
        """What is gone is held back until it is confirmed, and once more is gone all of it again."""
        self.full_run()
        if self.story.hidden or self.keeps:
            return
        self.world.options_of_mappings |= {"max_delete_files": 0, "max_delete_share": 0.0}
        with_files = self.pages_with_files()
        self.people_change_the_site(happened)
        self.do(self.world.sync())
        held = self.held()
        if not self.story.hidden:
            gone = with_files - self.story.expected().keys()
            assert {action.page_id for one in held for action in one.deletions} == gone
            assert gone <= self.pages_with_files()
            self.confirm(held, gone)
        self.world.options_of_mappings = {"max_delete_files": 1_000}
        self.full_run()

    def confirm(self, held, gone):
        self.people_change_the_site([])
        for one in held:
            self.do(self.confirmed(one))
        assert self.held() == []
        self.look_after(self.do(self.world.sync()), gone, complete=True)
        assert not gone & self.pages_with_files()

    def held(self):
        async def ask():
            async with self.world.engine() as engine:
                return await engine.held_deletions()

        return self.do(ask())

    async def confirmed(self, held):
        async with self.world.engine() as engine:
            await engine.confirm_deletions(held.space_id, held.token)

    @rule(
        mode=st.sampled_from(RunMode),
        broken=faults,
        people=meanwhile,
        disk=st.none() | st.tuples(calls, st.integers(0, 9)),
    )
    def troubled_run(self, mode, broken, people, disk):
        """Whatever goes wrong, counts add up, and nothing is lost."""
        with_files = self.before_trouble(people, broken)
        vfs = self.world.vfs
        if disk is not None:
            self.world.vfs = FailingVFS(vfs, disk[0], sum(disk))
        try:
            self.do(self.world.sync(mode))
        finally:
            self.world.vfs = vfs
        self.after_trouble(with_files)

    @rule(mode=st.sampled_from(RunMode), broken=faults, people=meanwhile, at=calls)
    def killed_run(self, mode, broken, people, at):
        with_files = self.before_trouble(people, broken)
        self.do(self.world.run_until_killed(at, mode))
        self.world.clock.advance(self.world.options.lease + 1)
        self.after_trouble(with_files)

    @rule(mode=st.sampled_from(RunMode), points=st.integers(8, 60), people=st.lists(changes, min_size=2, max_size=4))
    def runs_within_a_quota(self, mode, points, people):
        """Runs that are paused, one after the other, while the site changes."""
        with_files = self.before_trouble({}, [])
        self.world.site.limit_points(points)
        for change in people:
            report = self.do(self.world.sync(mode))
            FIGURES["pauses"] += report.outcome is Outcome.PAUSED
            self.world.clock.advance(3600)
            self.world.change(change)
        self.world.site.limit_points(1_000_000)
        self.after_trouble(with_files)

    def before_trouble(self, people, broken):
        self.world.meanwhile = dict(people)
        self.world.always = self.story.synced()
        self.misled |= any(fault["kind"] == "ends_early" for fault in broken)
        for fault in broken:
            self.world.site.fail(**fault)
        return self.pages_with_files()

    def after_trouble(self, with_files):
        self.world.site.heal()
        self.world.meanwhile = {}
        self.unsettled = True
        self.look_into_folder()
        lost = with_files & self.world.always - self.pages_with_files()
        assert not lost, f"pages that are there and had a file have none: {lost}"

    # What must hold

    def look_after(self, run, had, *, complete):
        """Look at what a run without trouble made of the folder, in which there were pages that `had` a file."""
        FIGURES["checked runs"] += 1
        self.look_into_folder()
        if self.story.hidden:
            assert run.outcome is not Outcome.SUCCEEDED
            return
        excused = self.story.blank if complete else self.story.blank | self.story.departed
        assert given_up(run) <= excused, run
        assert run.outcome is Outcome.SUCCEEDED or given_up(run), run
        if complete:
            self.unsettled = self.misled = self.taken = False
            self.story.seen()
            self.check_against_oracle(had, given_up(run))
        elif not self.misled:
            self.check_versions()
        self.check_pages()
        if run.outcome is Outcome.SUCCEEDED and not self.taken:  # a run that finds no change does not look for files
            self.check_links()

    def look_into_folder(self):
        """Every file is whole, what people typed is somewhere, what is not ours is as it was, no event has a secret."""
        files = self.files()
        for path, data in files.items():
            assert data in self.typed or (data.endswith(b"\n") and front_matter(data)["page_id"]), path
        assert self.typed.keys() <= set(files.values())
        places = self.spelled(files).items()
        assert self.released.items() <= places
        assert all(left.items() <= places for left in self.left.values())
        told = repr(self.world.events)
        assert not any(secret in told for secret in SECRETS)
        self.release(files)

    def release(self, files):
        """Note what nobody's any more is: of pages that are gone and kept, what no run is sure of is let go."""
        if self.keeps:
            recorded = self.recorded(self.story.destinations)
            for path, data in files.items():
                if data not in self.typed and not self.is_left(path) and self.place(path) not in recorded:
                    self.released[self.place(path)] = data

    def check_pages(self):
        """No page has two files."""
        ours = self.ours()
        if not self.unsettled:
            ids = [front["page_id"] for front in ours.values()]
            assert len(set(ids)) == len(ids), sorted(ours)

    def check_links(self):
        """Every link leads to a file."""
        ours, files = self.ours(), self.files()
        places = self.spelled(files)
        assert not [
            (path, href)
            for path, front in ours.items()
            if front["page_id"] in self.story.synced() - self.story.blank
            for href in led_to(path, files[path])
            if self.place(href) not in places
        ]

    def check_versions(self):
        """What was edited since is as it is now."""
        expected = self.story.expected()
        for front in self.ours().values():
            page = expected.get(front["page_id"])
            if page is not None and page.page_id not in self.story.unseen | self.story.blank:
                assert (front["version"], front["title"]) == (page.version, page.title)

    def check_against_oracle(self, had, given_up):
        """A file that a run left as it was, because the live doc is empty, may be moved only by the next one."""
        files, ours = self.files(), self.ours()
        expected = self.story.expected(self.foreign(), self.place)
        edited = {path: page_id for path, page_id in self.typed_in(files).items() if page_id is not None}
        found = {path: front["page_id"] for path, front in ours.items()} | edited
        placed = {page_id: page for page_id, page in expected.items() if page_id not in given_up}
        of_pages = {path: page_id for path, page_id in found.items() if page_id in placed}
        assert self.spelled(of_pages) == self.spelled({page.path: page.page_id for page in placed.values()})
        assert given_up & expected.keys() <= set(found.values())
        kept = set(found.values()) - expected.keys()
        assert kept == (had - expected.keys() if self.keeps else set())
        for path, front in ours.items():
            page = expected.get(front["page_id"])
            if page is None or (page.page_id in self.story.blank and self.has_old_text(files[path], page)):
                continue
            assert (front["title"], front["version"], front["space"]) == (page.title, page.version, page.space)
            assert f"/spaces/{page.space}/" in front["source_url"]
            assert [*map(self.place, led_to(path, files[path]))] == [*map(self.place, page.links)], path

    def has_old_text(self, data, page):
        """Whether the file of a live doc that is empty now has the text of an earlier version."""
        text = data.decode().split("---\n", 2)[2].strip()
        return bool(text) and front_matter(data)["version"] < page.version

    def teardown(self):
        """At the end one more run leads where a clean first run leads, byte for byte."""
        if not hasattr(self, "world"):
            return
        with self.runner:
            self.come_to_rest()

    def come_to_rest(self):
        for space in self.story.spaces:
            space.unrestrict()
        self.host_keeps_what_is_gone(keeps=False)
        self.full_run_twice()
        self.rebuild()  # writes what people had edited, and keeps that beside
        self.full_run()
        files, foreign = self.files(), self.foreign()
        clean = self.do(self.world.clean_files({path: files[path] for path in foreign}))
        assert self.spelled(files) == self.spelled(clean)

    # What is in the folder

    def place(self, path):
        """Return a path as the disk tells it from others; one that knows no case keeps a folder's first spelling."""
        return alike(path) if isinstance(self.world.vfs, CaselessVFS) else path

    def spelled(self, files):
        return {self.place(path): content for path, content in files.items()}

    def recorded(self, keys):
        return {self.place(path) for path in self.do(self.world.recorded(*keys))}

    def is_left(self, path):
        return any(self.place(path) in files for files in (*self.left.values(), self.released))

    def ours(self):
        """Return the front matter of the files that are as they were written, by path."""
        return {
            path: front_matter(data)
            for path, data in self.files().items()
            if data not in self.typed and not self.is_left(path)
        }

    def typed_in(self, files):
        """Return what people typed, by path: the page whose file it is, None if it is nobody's."""
        return {
            path: None if " (edited " in path or self.is_left(path) else self.typed[data]
            for path, data in files.items()
            if data in self.typed
        }

    def foreign(self):
        files = self.files()
        nobodys = {path for path, page_id in self.typed_in(files).items() if page_id is None}
        return sorted(nobodys.union(filter(self.is_left, files)))

    def pages_with_files(self):
        edited = {page_id for page_id in self.typed_in(self.files()).values() if page_id is not None}
        return {front["page_id"] for front in self.ours().values()} | edited


def given_up(run):
    """Return the ids of pages that did not land."""
    return run.failed_pages if isinstance(run, RunState) else {it.page_id for it in (*run.failures, *run.skips)}


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=400 if LONG else 12,
    stateful_step_count=50 if LONG else 20,
    derandomize=not LONG,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module", autouse=True)
def figures():
    """Say at the end how much was told; shown by `nox -s long`."""
    yield
    print("", ", ".join(f"{number:,} {name}" for name, number in FIGURES.items()))  # noqa: T201 - with -s, the figures
