"""
Random histories of a site and a folder, and what must hold after each run, as the oracle says.

A few hundred steps by default; thousands with CONFLUENCE_SYNC_LONG=1, see CONTRIBUTING.
"""

from __future__ import annotations

import asyncio
import os
from base64 import b64encode
from contextlib import asynccontextmanager
from posixpath import dirname
from random import Random

import httpx
from caseless import CaselessVFS
from engine_world import World
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from oracle import alike
from site_story import MAPPED, SiteStory, beginnings, changes
from synced_files import front_matter, led_to

from confluence_sync import documents
from confluence_sync.adapters import MemoryStateStore, MemoryVFS
from confluence_sync.client import ConfluenceClient, SiteApiToken
from confluence_sync.engine import EngineOptions, RunState, SyncEngine
from confluence_sync.errors import StorageError
from confluence_sync.models import Outcome, RunMode, Trigger

LONG = bool(os.environ.get("CONFLUENCE_SYNC_LONG"))
EMAIL, SECRET = "reader@example.com", "a-secret-token"
SECRETS = (SECRET, b64encode(f"{EMAIL}:{SECRET}".encode()).decode())

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


class StoryWorld(World):
    """
    A world in which people go on with their work while a run looks.

    Attributes:
        meanwhile: What happens before the n-th request of an engine.
    """

    def __init__(self, *, caseless: bool) -> None:
        super().__init__()
        self.options = EngineOptions(body_batch=3, listing_batch=3, step_requests=2, step_writes=3)
        self.make_vfs = CaselessVFS if caseless else MemoryVFS
        self.vfs = self.make_vfs()
        self.story = SiteStory(self.site)
        self.mapped = {key: {"max_delete_files": 1_000} for key in MAPPED}
        self.meanwhile: dict[int, object] = {}
        self.always: set[str] = set()

    @asynccontextmanager
    async def engine(self):
        transport = Busy(self.site.transport(), self.happens)
        async with httpx.AsyncClient(transport=transport) as http:
            auth = SiteApiToken(self.site.url, EMAIL, SECRET)
            client = ConfluenceClient(auth, http=http, clock=self.clock, random=Random(0))
            yield SyncEngine(client, self.vfs, self.store, sink=self.sink, clock=self.clock, options=self.options)

    def happens(self, request: int) -> None:
        if change := self.meanwhile.pop(request, None):
            self.story.make(change)
            self.always &= self.story.synced()

    async def sync_by_steps(self, mode: RunMode) -> Outcome | None:
        """Let another process take each step."""
        self.clock.advance(60)
        async with self.engine() as engine:
            document = documents.dump(await engine.begin(self.mappings(), mode=mode))
        while True:
            state = documents.load(RunState, document)
            async with self.engine() as engine:
                result = await engine.step(state)
            document = documents.dump(state)
            if result.done:
                assert state.counts.handled == state.counts.listed
                return result.outcome

    async def clean_files(self, foreign: dict[str, bytes]) -> dict[str, bytes]:
        """Return what a first run makes of the site beside foreign files."""
        vfs, store = self.vfs, self.store
        self.vfs, self.store = self.make_vfs(), MemoryStateStore(self.clock)
        try:
            for path, data in foreign.items():
                await self.vfs.write(path, data, {})
            (await self.sync()).raise_for_failures()
            return await self.files()
        finally:
            self.vfs, self.store = vfs, store


class Busy(httpx.AsyncBaseTransport):
    """Tells before which request of how many it is."""

    def __init__(self, inner: httpx.AsyncBaseTransport, happens) -> None:
        self._inner, self._happens, self._requests = inner, happens, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._requests += 1
        self._happens(self._requests)
        return await self._inner.handle_async_request(request)


class FailingVFS:
    """Files whose n-th call fails, and some after it."""

    def __init__(self, inner: MemoryVFS, first: int, last: int) -> None:
        self._inner, self._first, self._last, self._calls = inner, first, last, 0

    def __getattr__(self, name: str):
        method = getattr(self._inner, name)
        if name == "scan":
            return method

        async def call(*args, **kwargs):
            self._calls += 1
            if self._first <= self._calls <= self._last:
                raise StorageError("No space left on device")
            return await method(*args, **kwargs)

        return call


class Histories(RuleBasedStateMachine):
    """A site, a folder, people at both, and runs in between."""

    @initialize(caseless=st.booleans(), first=beginnings)
    def build(self, caseless, first):
        self.runner = asyncio.Runner()
        self.world = StoryWorld(caseless=caseless)
        self.typed: dict[bytes, str | None] = {}
        self.unsettled = True
        self.misled = False
        for change in first:
            self.story.make(change)

    @property
    def story(self) -> SiteStory:
        return self.world.story

    def do(self, coroutine):
        return self.runner.run(coroutine)

    def files(self) -> dict[str, bytes]:
        return self.do(self.world.files())

    # What people do

    @rule(happened=st.lists(changes, min_size=1, max_size=5))
    def people_change_the_site(self, happened):
        for change in happened:
            self.story.make(change)

    @rule(seconds=st.sampled_from([1, 600, 3600, 90_000]))
    def time_passes(self, seconds):
        self.world.clock.advance(seconds)

    @rule(which=st.integers(0, 30))
    def somebody_edits_a_file(self, which):
        ours = self.ours()
        if ours:
            path = sorted(ours)[which % len(ours)]
            self.type(path, ours[path]["page_id"])

    @rule(which=st.integers(0, 30))
    def somebody_deletes_a_file(self, which):
        ours = sorted(self.ours())
        if ours:
            self.do(self.world.vfs.delete(ours[which % len(ours)]))
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

    # Runs

    @rule()
    def full_run(self):
        report = self.do(self.world.sync())
        self.look_after(report.outcome, complete=True)

    @rule()
    def full_run_twice(self):
        """The second run over a site at rest writes nothing."""
        self.full_run()
        before = self.files()
        report = self.do(self.world.sync())
        assert report.counts.unchanged == report.counts.listed or self.story.hidden, report.summary()
        assert self.files() == before

    @rule(mode=st.sampled_from([RunMode.FULL, RunMode.REBUILD, RunMode.INCREMENTAL]))
    def run_by_steps(self, mode):
        outcome = self.do(self.world.sync_by_steps(mode))
        self.look_after(outcome, complete=mode is not RunMode.INCREMENTAL)

    @rule(trigger=st.sampled_from(Trigger))
    def incremental_run(self, trigger):
        report = self.do(self.world.sync(RunMode.INCREMENTAL, trigger))
        self.look_after(report.outcome, complete=False)

    @rule()
    def rebuild(self):
        report = self.do(self.world.sync(RunMode.REBUILD))
        self.look_after(report.outcome, complete=True)

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
        self.check_files()
        lost = with_files & self.world.always - self.pages_with_files()
        assert not lost, f"pages that are there and had a file have none: {lost}"

    # What must hold

    def look_after(self, outcome, *, complete):
        self.check_files()
        if self.story.hidden:
            assert outcome is not Outcome.SUCCEEDED
            return
        assert outcome is Outcome.SUCCEEDED, outcome
        self.check_links_and_pages()
        if complete:
            self.unsettled = self.misled = False
            self.story.unseen.clear()
            self.check_against_oracle()
        elif not self.misled:
            self.check_versions()

    def check_files(self):
        """Every file is whole, what people typed is somewhere, and no event knows a secret."""
        files = self.files()
        for path, data in files.items():
            assert data in self.typed or (data.endswith(b"\n") and front_matter(data)["page_id"]), path
        assert self.typed.keys() <= set(files.values())
        told = repr(self.world.events)
        assert not any(secret in told for secret in SECRETS)

    def check_links_and_pages(self):
        """No page has two files, and every link leads to a file."""
        ours = self.ours()
        ids = [front["page_id"] for front in ours.values()]
        assert len(set(ids)) == len(ids), sorted(ours)
        files = self.files()
        places = self.spelled(files)
        assert not [
            (path, href) for path in ours for href in led_to(path, files[path]) if self.place(href) not in places
        ]

    def check_versions(self):
        """What was edited since is as it is now."""
        expected = self.story.expected()
        for front in self.ours().values():
            page = expected.get(front["page_id"])
            if page is not None and page.page_id not in self.story.unseen:
                assert (front["version"], front["title"]) == (page.version, page.title)

    def check_against_oracle(self):
        files, ours = self.files(), self.ours()
        expected = self.story.expected(self.foreign())
        edited = {path: page_id for path, page_id in self.typed_in(files).items() if page_id is not None}
        found = {path: front["page_id"] for path, front in ours.items()} | edited
        assert self.spelled(found) == self.spelled({page.path: page.page_id for page in expected.values()})
        for path, front in ours.items():
            page = expected[front["page_id"]]
            assert (front["title"], front["version"], front["space"]) == (page.title, page.version, page.space)
            assert f"/spaces/{page.space}/" in front["source_url"]
            assert [*map(self.place, led_to(path, files[path]))] == [*map(self.place, page.links)], path

    def teardown(self):
        """At the end one more run leads where a clean first run leads, byte for byte."""
        if not hasattr(self, "world"):
            return
        for space in self.story.spaces:
            space.unrestrict()
        self.full_run_twice()
        self.rebuild()  # writes what people had edited, and keeps that beside
        self.full_run()
        files, foreign = self.files(), self.foreign()
        clean = self.do(self.world.clean_files({path: files[path] for path in foreign}))
        assert self.spelled(files) == self.spelled(clean)
        self.runner.close()

    # What is in the folder

    def place(self, path):
        """Return a path as the disk tells it from others; one that knows no case keeps a folder's first spelling."""
        return alike(path) if isinstance(self.world.vfs, CaselessVFS) else path

    def spelled(self, files):
        return {self.place(path): content for path, content in files.items()}

    def ours(self):
        """Return the front matter of the files that are as they were written, by path."""
        return {path: front_matter(data) for path, data in self.files().items() if data not in self.typed}

    def typed_in(self, files):
        """Return what people typed, by path: the page whose file it is, None if it is nobody's."""
        return {
            path: None if " (edited " in path else self.typed[data]
            for path, data in files.items()
            if data in self.typed
        }

    def foreign(self):
        return [path for path, page_id in self.typed_in(self.files()).items() if page_id is None]

    def pages_with_files(self):
        files = self.files()
        edited = {self.typed[data] for data in files.values() if data in self.typed}
        return {front["page_id"] for front in self.ours().values()} | edited


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
