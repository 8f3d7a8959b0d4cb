"""
What other connectors ran into, by the numbers of the list that this library was designed against.

Each incident is told as a short story: a site, a folder, runs between them. Of the list some rows are left out:

- 25, bytes of attachments: they are not read; what a page says of them is a link to the site.
- 35, a second page of `direct-children` that is empty: a tree comes from one listing by id.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from caseless import CaselessVFS
from engine_world import World, link
from sync_world import ACME, CALLBACK, SESSION, SyncWorld
from synced_files import front_matter

from confluence_sync.adapters import MemoryPointsLedger, MemoryVFS
from confluence_sync.client import GatewayBearer, PointsBudget
from confluence_sync.engine import EngineOptions
from confluence_sync.errors import ErrorKind
from confluence_sync.events import PageDeleted, PageFailed, PageSkipped, RunWarned, SpaceListed
from confluence_sync.models import Outcome, PageBody, RunMode, Trigger
from confluence_sync.testing import FakeSite

INCREMENTAL = RunMode.INCREMENTAL
SEARCH = "/wiki/rest/api/content/search"
CONCERNED = {*range(1, 25), *range(26, 35), *range(36, 40)}
"""Rows that concern a reader of pages."""


@pytest.fixture
def world():
    return World()


@pytest.fixture
def docs(world):
    """A space of seven pages, which link to each other."""
    return build(world)


def build(world, key="DOCS"):
    docs = world.space(key)
    for number in range(6):
        docs.page(f"Page {number}", parent=docs.homepage, storage=link(f"Page {(number + 1) % 6}"))
    return docs


class Altered(httpx.AsyncBaseTransport):
    """A way to the site on which something happens to requests and answers."""

    def __init__(self, direct, *, asks: Callable = lambda request: request, answers: Callable = lambda _, it: it):
        self._direct, self._asks, self._answers = direct, asks, answers

    async def handle_async_request(self, request):
        response = await self._direct.handle_async_request(self._asks(request))
        await response.aread()
        return self._answers(request, response)


def alter(world, **changes):
    world.transport = lambda direct: Altered(direct, **changes)


def with_params(request, **params):
    url = request.url.copy_merge_params({name: value for name, value in params.items() if value is not None})
    for name in (name for name, value in params.items() if value is None):
        url = url.copy_remove_param(name)
    return httpx.Request(request.method, url, headers=request.headers, content=request.content)


def searches(world):
    return [request.query for request in world.site.requests if request.path == SEARCH]


async def assert_succeeds(world, mode=RunMode.FULL, trigger=Trigger.MANUAL):
    report = await world.sync(mode, trigger)
    assert report.outcome is Outcome.SUCCEEDED, report.summary()
    return report


async def assert_clean(world):
    """The folder is what a first run makes of the site."""
    assert await world.files() == await world.clean_copy()
    assert await world.dead_links() == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"])
async def test_incident_01_dates_in_another_zone(world, zone):
    """A date in the query was read in the site's zone, so edits were skipped."""
    world.site = FakeSite(clock=world.clock, time_zone=zone)
    build(world)
    await assert_succeeds(world)
    world.clock.advance(12 * 3600)
    world.site.page("Page 2").edit("<p>New.</p>")
    world.clock.advance(60)
    assert (await assert_succeeds(world, INCREMENTAL)).counts.written == 1
    assert world.told(RunWarned) == []
    await assert_clean(world)


async def test_incident_02_query_built_anew_on_each_page(world, docs):
    """The relative window was computed again for each page of a search, whose cursor then skipped rows."""
    await assert_succeeds(world)
    world.clock.advance(12 * 3600)
    for number in range(6):
        world.site.page(f"Page {number}").edit("<p>New.</p>")
    world.clock.advance(3600)
    alter(world, asks=lambda it: with_params(it, limit="2") if it.url.path == SEARCH else it)
    world.site.latency = 90.0
    assert (await assert_succeeds(world, INCREMENTAL)).counts.written == 6
    assert len(searches(world)) > 2
    assert len({query["cql"] for query in searches(world)}) == 1


async def test_incident_03_next_link_joined_wrongly(world):
    """The next link was joined to the wrong base and lost the gateway's prefix, or had `/wiki` twice."""
    build(world)
    world.site.grant("token", scopes=["read:space:confluence", "read:page:confluence", "search:confluence"])

    async def token():
        return "token"

    world.auth = GatewayBearer(world.site.settings.cloud_id, token)
    world.options = EngineOptions(listing_batch=2, body_batch=2)
    for mode in (RunMode.FULL, RunMode.FULL, INCREMENTAL):
        await assert_succeeds(world, mode)
        assert not [request for request in world.site.requests if "/wiki/wiki" in request.path]
    assert len(await world.paths()) == 7
    source = front_matter(await world.vfs.read("Docs/Docs Home/Page 1.md"))["source_url"]
    assert source.startswith(f"{world.site.url}/wiki/spaces/DOCS/pages/")


async def test_incident_04_next_link_sent_as_cursor(world, docs):
    """The whole next link was sent as the cursor, which the site refused."""
    world.options = EngineOptions(listing_batch=2, body_batch=2)
    for _ in range(2):
        await assert_succeeds(world)
        cursors = [request.query["cursor"] for request in world.site.requests if "cursor" in request.query]
        assert len(cursors) >= 3
        assert not [cursor for cursor in cursors if "cursor" in cursor or "/wiki" in cursor]
        assert {request.status for request in world.site.requests} == {200}


async def test_incident_05_start_ignored(world, docs):
    """A listing that ignored the position gave its first rows for ever, and was read until a cap."""
    world.options = EngineOptions(listing_batch=2)
    await assert_succeeds(world)
    before = await world.files()
    alter(world, asks=lambda it: with_params(it, cursor=None) if "/spaces/" in it.url.path else it)
    report = await world.sync()
    assert report.outcome is Outcome.FAILED
    assert "circles" in report.summary()
    assert len(world.requests) < 10
    assert not [request for request in world.site.requests if "start" in request.query]
    assert await world.files() == before


async def test_incident_06_short_page_taken_for_the_end(world, docs):
    """A page with fewer rows than asked for was taken for the last one, and the rest for deleted."""
    await assert_succeeds(world)
    world.site.page("Page 5").edit("<p>New.</p>")
    alter(world, asks=lambda it: with_params(it, limit="2") if "/spaces/" in it.url.path else it)
    report = await assert_succeeds(world)
    assert (report.counts.listed, report.counts.written, report.counts.deleted) == (7, 1, 0)


async def test_incident_07_bodies_in_a_search(world, docs):
    """A search that was asked for bodies gave 50 hits at most, without a word."""
    await assert_succeeds(world)
    world.clock.advance(12 * 3600)
    new = [docs.page(f"New {number}", parent=docs.homepage) for number in range(120)]
    world.clock.advance(3600)
    assert (await assert_succeeds(world, INCREMENTAL)).counts.written == len(new)
    assert searches(world)
    assert not [query for query in searches(world) if "body" in query["expand"]]
    await assert_clean(world)


async def test_incident_08_archived_pages_kept(world, docs):
    """Archived pages stayed, because a listing without a status has them, and a bot quoted one."""
    await assert_succeeds(world)
    world.site.page("Page 4").archive()
    assert (await assert_succeeds(world)).counts.deleted == 1
    assert "Docs/Docs Home/Page 4.md" not in await world.paths()
    await assert_clean(world)


async def test_incident_09_trashed_page_answers(world, docs):
    """A trashed page still answers by id, and was exported again."""
    await assert_succeeds(world)
    page = world.site.page("Page 4")
    page.trash()
    assert (await assert_succeeds(world)).counts.deleted == 1
    (asked,) = [request for request in world.site.requests if request.path == f"/wiki/api/v2/pages/{page.id}"]
    assert asked.status == 200
    assert (await assert_succeeds(world, RunMode.REBUILD)).counts.listed == 6
    await assert_clean(world)


async def test_incident_10_deleted_pages_never_removed(world, docs):
    """Runs that only asked for changes never learned of deletions."""
    await assert_succeeds(world)
    world.site.page("Page 4").purge()
    world.clock.advance(23 * 3600)
    assert (await assert_succeeds(world, INCREMENTAL, Trigger.SCHEDULED)).counts.deleted == 0
    world.clock.advance(3600)
    assert (await assert_succeeds(world, INCREMENTAL, Trigger.SCHEDULED)).counts.deleted == 1
    await assert_clean(world)


async def test_incident_11_failed_page_taken_for_gone(world, docs):
    """Pages that failed were taken for unvisited, deleted at each run, and added again by the next."""
    await assert_succeeds(world)
    page = world.site.page("Page 4")
    page.edit("<p>New.</p>")
    before = await world.files()
    world.site.fail(page_id=page.id, status=500, times=None)
    for _ in range(3):
        report = await world.sync()
        assert (report.outcome, report.counts.failed) == (Outcome.PARTIAL, 1)
        assert await world.files() == before
    world.site.heal()
    await assert_succeeds(world)
    await assert_clean(world)


async def test_incident_12_incomplete_listing_deletes(world, docs):
    """A search that ended early, taken for all there is, nearly deleted what it did not show."""
    await assert_succeeds(world)
    before = await world.files()
    world.clock.advance(3600)
    world.site.fail(SEARCH, kind="ends_early")
    assert (await assert_succeeds(world, INCREMENTAL)).counts.deleted == 0
    world.site.fail(f"/spaces/{docs.id}/pages", kind="ends_early", rows=6)
    report = await world.sync()
    assert (report.outcome, report.counts.deleted) == (Outcome.PARTIAL, 0)
    assert "was not listed, but is there" in report.summary()
    assert (await world.files()).keys() == before.keys()


async def test_incident_13_renamed_parent_leaves_the_old_tree(world, docs):
    """A renamed parent left its old folder behind, with a copy of everything below."""
    await assert_succeeds(world)
    docs.homepage.rename("Start")
    report = await assert_succeeds(world)
    assert (report.counts.written, report.counts.moved) == (1, 6)
    assert not [path for path in await world.paths() if "Docs Home" in path]
    await assert_clean(world)


async def test_incident_14_case_only_rename(world):
    """After a rename that only changed case, cleaning up deleted the new file on a disk that knows no case."""
    world.vfs = CaselessVFS()
    build(world)
    await assert_succeeds(world)
    world.site.page("Page 3").rename("PAGE 3")
    assert (await assert_succeeds(world)).counts.deleted == 0
    assert len(await world.paths()) == 7
    assert front_matter(await world.vfs.read("Docs/Docs Home/PAGE 3.md"))["title"] == "PAGE 3"
    assert (await assert_succeeds(world)).counts.unchanged == 7


async def test_incident_15_move_without_a_new_version(world, docs):
    """A page that moved kept its version, so a comparison of versions missed its new path."""
    await assert_succeeds(world)
    page = world.site.page("Page 3")
    page.move(world.site.page("Page 4"))
    await assert_succeeds(world)
    assert page.version == 1
    assert "Docs/Docs Home/Page 4/Page 3.md" in await world.paths()
    await assert_clean(world)


async def test_incident_16_folder_asked_for_as_a_page(world, docs):
    """A folder was asked for as a page; the 404 broke the tree, or made its pages roots."""
    inner = docs.folder("Inner", parent=docs.folder("Outer", parent=docs.homepage))
    docs.page("Leaf", parent=inner)
    await assert_succeeds(world)
    assert "Docs/Docs Home/Outer/Inner/Leaf.md" in await world.paths()
    assert f"GET /wiki/api/v2/pages/{inner.id}" not in world.requests
    assert {request.status for request in world.site.requests} == {200}


DATA_CENTER_USER = {"type": "known", "username": "reader", "userKey": "8a8080815e2f", "displayName": "Reader"}


@pytest.mark.parametrize(
    "answer", [httpx.Response(404, html="<title>Not Found</title>"), httpx.Response(200, json=DATA_CENTER_USER)]
)
async def test_incident_17_data_center(world, docs, answer):
    """Endpoints of Cloud were called on Data Center, which failed late and without a word about the reason."""
    alter(world, answers=lambda _request, _response: answer)
    report = await world.sync()
    assert (report.outcome, len(world.requests)) == (Outcome.FAILED, 1)
    assert report.error.kind is ErrorKind.CONFIGURATION
    assert "only Confluence Cloud is supported" in report.message


async def test_incident_18_one_unreadable_child(world, docs):
    """One page that had become restricted ended the export of all others."""
    await assert_succeeds(world)
    for number in range(6):
        world.site.page(f"Page {number}").edit("<p>New.</p>")

    def hide(request):
        if "id" in request.url.params:
            world.site.page("Page 4").restrict()
        return request

    alter(world, asks=hide)
    report = await world.sync()
    assert (report.outcome, report.counts.written) == (Outcome.PARTIAL, 5)
    (failure,) = world.told(PageFailed)
    assert (failure.title, failure.kind) == ("Page 4", ErrorKind.NOT_FOUND)


async def test_incident_19_page_that_always_times_out(world, docs):
    """One page that always ended in a 504 kept its space from being synced, for ever."""
    page = world.site.page("Page 4")
    world.site.fail(page_id=page.id, status=504, body="<title>Gateway Time-out</title>", times=None)
    for _ in range(3):
        report = await world.sync()
        (failure,) = world.told(PageFailed)
        assert (failure.title, report.counts.handled) == ("Page 4", 7)
        assert "Gateway Time-out" in report.summary()
        assert len(world.requests) < 30
    assert len(await world.paths()) == 6


@pytest.fixture
async def connected():
    """A host whose workspace is connected over OAuth and has synced a space; refresh tokens are good once."""
    async with SyncWorld() as connected:
        strict = {"token_lifetime": timedelta(hours=1), "leeway": timedelta(0), "redirect_uris": [CALLBACK]}
        connected.site.oauth.app(client_id="client-1", client_secret="client-secret-1", **strict, hides_expiry=True)
        docs = connected.space()
        await connected.connect()
        await connected.map(docs)
        await connected.run()
        yield connected


async def test_incident_20_rotated_token_not_stored(connected):
    """The refresh token that came in place of another was not stored: all was well for a day, and then over."""
    for hour in range(1, 25):
        connected.later(hours=1)
        connected.sync = connected.process()
        assert (await connected.run()).outcome is Outcome.SUCCEEDED
        assert (connected.site.oauth.refreshes, connected.site.oauth.reuses) == (hour, 0)


async def test_incident_21_two_workers_refresh_at_once(connected):
    """Two workers refreshed at the same time, and each killed the token of the other."""
    for number in range(1, 4):
        connected.later(hours=1)
        workers = [connected.process() for _ in range(8)]
        assert all(await asyncio.gather(*(worker.spaces(ACME) for worker in workers)))
        assert (connected.site.oauth.refreshes, connected.site.oauth.reuses) == (number, 0)
    assert await connected.status() == "active"


async def test_incident_22_expired_token_looks_like_a_page_that_is_gone(connected):
    """An expired token was answered with 404 and 403, so it was never refreshed, and pages were taken for deleted."""
    paths = await connected.paths()
    connected.site.page("DOCS 0").trash()
    async with connected.sync.sync_now(ACME) as run:
        async for event in run:
            if isinstance(event, SpaceListed):
                connected.later(hours=2)
    assert (run.report.outcome, run.report.counts.deleted) == (Outcome.SUCCEEDED, 1)
    assert len(await connected.paths()) == len(paths) - 1
    assert connected.site.oauth.refreshes == 1


@pytest.mark.parametrize("chosen", ["Archive", "Docs"])
async def test_incident_23_first_site_taken(chosen):
    """The first site of the list was taken, whichever the user had meant, and the wrong one was synced."""
    async with SyncWorld() as world:
        consent = await world.consent(await world.sync.authorize(ACME, session=SESSION))
        site = next(site for site in consent.sites if site.name == chosen)
        assert (await world.sync.connection(ACME)).cloud_id == ""
        connection = await world.sync.choose_site(ACME, site.id)
        assert (connection.site_name, connection.cloud_id) == (chosen, site.id)
        await world.sync.spaces(ACME)
        asked = {fake.settings.cloud_id: [it for it in fake.requests if "/wiki/" in it.path] for fake in world.both}
        assert [cloud_id for cloud_id, requests in asked.items() if requests] == [site.id]


async def test_incident_24_removed_endpoints(world, docs):
    """Endpoints of the first version of the API were called after they had been removed, and answered 410."""
    docs.page("Leaf", parent=docs.folder("Folder"), author=world.site.user("557058:b", "Somebody").account_id)
    for mode in (RunMode.FULL, RunMode.FULL, INCREMENTAL):
        await assert_succeeds(world, mode)
        old = {request.path for request in world.site.requests if "/rest/api/" in request.path}
        assert old <= {SEARCH, "/wiki/rest/api/user/current"}
    world.site.page("Page 4").trash()
    await assert_succeeds(world)
    assert {request.status for request in world.site.requests} == {200}


async def test_incident_26_token_sent_along_a_redirect(world, docs):
    """The token was sent to the host of a redirect."""
    asked = []

    def redirect(request, response):
        asked.append(request.url.host)
        away = {"Location": "https://media.example.net/stolen"}
        return httpx.Response(302, headers=away) if "/spaces/" in request.url.path else response

    alter(world, answers=redirect)
    report = await world.sync()
    assert report.outcome is Outcome.FAILED
    assert "a redirect, not followed" in report.summary()
    assert set(asked) == {httpx.URL(world.site.url).host}


async def test_incident_27_429_without_retry_after(world, docs):
    """A limit that did not say how long to wait was met by each worker with the same short delay, over and over."""
    world.site.fail("/pages", status=429, headers={"RateLimit-Reason": "confluence-burst-based"}, times=3)
    started = world.clock.now()
    await assert_succeeds(world)
    assert [request.status for request in world.site.requests].count(429) == 3
    assert world.clock.now() - started > timedelta(seconds=(2 + 4 + 8) * 0.7)


async def test_incident_28_quota_drained_by_another_tenant(world, docs):
    """One customer used up the points that an app has for all of them."""
    ledger, other = MemoryPointsLedger(), World()
    build(other)
    greedy = {"app": "app", "points": 60, "tenant": "greedy", "tenant_points": 12}
    world.budget = PointsBudget(ledger, **greedy, clock=world.clock)
    world.options = EngineOptions(body_batch=2)
    other.budget = PointsBudget(ledger, app="app", points=60, tenant="modest", clock=other.clock)
    for _ in range(3):
        assert (await world.sync()).outcome is Outcome.PAUSED
    await assert_succeeds(other)


async def test_incident_29_connections_reset(world, docs):
    """Connections were reset about once a minute, and each time the export began anew."""
    world.options = EngineOptions(listing_batch=2, body_batch=2)
    for skip in range(0, 12, 3):
        world.site.fail(kind="reset", skip=skip)
    await assert_succeeds(world)
    assert len(world.requests) < 20
    await assert_clean(world)


async def test_incident_30_ghost_pages(world, docs):
    """Pages whose parent is nowhere broke the tree, or were lost."""
    ghost = docs.page("Ghost", parent=docs.page("Parent"), storage=link("Page 1"))
    ghost.parent.purge()
    assert (await assert_succeeds(world)).counts.written == 8
    assert "Docs/Ghost.md" in await world.paths()
    assert "Ghost" in "".join(event.message for event in world.told(RunWarned))
    assert await world.dead_links() == []


async def test_incident_31_titles_that_are_no_file_names(world, docs):
    """Slashes, colons, question marks and long titles made file names that a disk refused."""
    titles = ["A/B", 'What? "Why": <how> | *', "..", "CON", "x" * 300, "\u0436" * 255]
    for title in titles:
        docs.page(title, parent=docs.homepage, storage=link("A/B"))
    await assert_succeeds(world)
    paths = await world.paths()
    assert len({path.casefold() for path in paths}) == 13
    assert all(len(part.encode()) <= 255 for path in paths for part in path.split("/"))
    assert not [path for path in paths if re.search(r'[\\:*?"<>|]|(^|/)\.', path)]
    assert await world.dead_links() == []


async def test_incident_32_titles_of_emoji_only(world, docs):
    """Titles of nothing but emoji all became the same empty name, and one file overwrote the other."""
    for title in ("\N{PARTY POPPER}", "\N{ROCKET}", "\u200b", ""):
        docs.page(title, parent=docs.homepage)
    assert (await assert_succeeds(world)).counts.written == 11
    assert len(await world.paths()) == 11
    assert (await assert_succeeds(world)).counts.unchanged == 11


async def test_incident_33_personal_spaces(world):
    """Keys of personal spaces broke queries and patterns of addresses."""
    build(world, "~5570580a-b1")
    await assert_succeeds(world)
    world.clock.advance(12 * 3600)
    world.site.page("Page 2").edit("<p>New.</p>")
    world.clock.advance(3600)
    assert (await assert_succeeds(world, INCREMENTAL)).counts.written == 1
    assert [query["cql"].count('"~5570580a-b1"') for query in searches(world)] == [1]
    assert world.told(RunWarned) == []
    async with world.engine() as engine:
        assert (await engine._client.space_by_key("~5570580a-b1")).name


async def test_incident_34_live_doc_comes_back_empty(world, docs):
    """The current version of a live doc had no body, and its file was emptied without a word."""
    live = docs.page("Minutes", parent=docs.homepage, storage="<p>Agreed.</p>", subtype="live")
    await assert_succeeds(world)
    live.edit("")
    assert (await world.sync()).outcome is Outcome.PARTIAL
    assert [event.title for event in world.told(PageSkipped)] == ["Minutes"]
    assert "Agreed." in await world.text("Docs/Docs Home/Minutes.md")


class Counting(MemoryVFS):
    """Counts how many bodies are in memory whenever a file is written."""

    most = 0

    async def write(self, path, data, metadata):
        self.most = max(self.most, sum(isinstance(thing, PageBody) for thing in gc.get_objects()))
        await super().write(path, data, metadata)


async def test_incident_36_whole_space_in_memory(world, docs):
    """An export that held all bodies at once went well with 2,000 pages and failed with 80,000."""
    world.vfs = Counting()
    world.options = EngineOptions(body_batch=4)
    for number in range(60):
        docs.page(f"Leaf {number}")
    await assert_succeeds(world)
    assert 1 <= world.vfs.most <= 5 * 4


@pytest.mark.parametrize("skip", range(5))
async def test_incident_37_server_error_deletes(world, docs, skip):
    """An internal server error ended the job, and documents that it had imported before were deleted."""
    world.options = EngineOptions(listing_batch=2)
    await assert_succeeds(world)
    before = await world.files()
    world.site.page("Page 0").trash()
    world.site.fail(f"/spaces/{docs.id}/pages", status=500, times=None, skip=skip)
    report = await world.sync()
    if skip < 3:
        assert report.outcome is Outcome.FAILED
        assert world.told(PageDeleted) == []
        assert await world.files() == before
    world.site.heal()
    await assert_succeeds(world)
    await assert_clean(world)


async def test_incident_38_values_nobody_knew(world, docs):
    """A status that was not in a list of known ones stopped the whole import."""
    world.space("NEW").page("Leaf", subtype="of tomorrow")
    draft = world.site.page("Page 5")

    def with_news(request, response):
        if "/spaces/" not in request.url.path or "results" not in response.json():
            return response
        answer = response.json()
        for item in answer["results"]:
            item["status"] = "draft" if item["id"] == draft.id else item["status"]
            item["ofTomorrow"] = {"a": [1]}
        return httpx.Response(200, content=json.dumps(answer))

    alter(world, answers=with_news)
    assert (await assert_succeeds(world)).counts.listed == 8
    assert "Docs/Docs Home/Page 5.md" not in await world.paths()
    assert "New/Leaf.md" in await world.paths()


async def test_incident_39_scopes_of_two_apis(world, docs):
    """A token whose scopes were those of one version of the API got a 401 from the other, taken for a dead grant."""

    async def token():
        return "token"

    world.auth = GatewayBearer(world.site.settings.cloud_id, token)
    world.site.grant("token", scopes=["read:space:confluence", "read:page:confluence"])
    await assert_succeeds(world)
    world.clock.advance(12 * 3600)
    world.site.page("Page 2").edit("<p>New.</p>")
    world.clock.advance(3600)
    assert (await assert_succeeds(world, INCREMENTAL)).counts.written == 1
    assert "pages are listed by date instead" in "".join(event.message for event in world.told(RunWarned))
    world.site.grant("token", scopes=["read:space:confluence", "search:confluence"])
    report = await world.sync()
    assert report.outcome is Outcome.FAILED
    assert [problem.kind for problem in report.problems] == [ErrorKind.MISSING_SCOPE]
    assert "the token lacks the scope read:page:confluence" in report.summary()
    assert f"GET /api/v2/spaces/{docs.id}/pages" in report.summary()


def test_every_incident_has_its_test():
    """No row that concerns a reader is without a story."""
    told = [int(match[1]) for name in globals() if (match := re.match(r"test_incident_(\d+)_", name))]
    assert sorted(told) == sorted(CONCERNED)
