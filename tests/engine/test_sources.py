"""Where incremental runs look for changes: searches that cannot be relied on, listings by date, many spaces."""

import asyncio
from datetime import timedelta
from urllib.parse import quote

import attrs
import pytest
from engine_world import World
from hypothesis import given, settings
from hypothesis import strategies as st

from confluence_sync.engine import EngineOptions
from confluence_sync.events import PageWritten, RunWarned, SpaceFailed
from confluence_sync.models import ChangeSource, Outcome, RunMode

INCREMENTAL = RunMode.INCREMENTAL
SEARCH = "GET /wiki/rest/api/content/search"


def build(world, pages=40):
    docs = world.space("DOCS")
    for number in range(pages):
        docs.page(f"Page {number}", storage="<p>Old.</p>")
    world.space("OPS").page("Runbook")
    return docs


def edit(world, pages):
    for number in pages:
        world.site.page(f"Page {number}").edit("<p>New.</p>")


async def at_rest(world, *, pages=40):
    """A site that was synced, and at which nothing happened for hours."""
    build(world, pages)
    await world.sync()
    world.clock.advance(6 * 3600)
    await world.sync()
    world.clock.advance(6 * 3600)


def told_of_listing(world):
    return [event.message for event in world.told(RunWarned) if "pages are listed by date instead" in event.message]


async def assert_written(world, pages):
    report = await world.sync(INCREMENTAL)
    assert report.outcome is Outcome.SUCCEEDED
    assert sorted(event.title for event in world.told(PageWritten)) == sorted(f"Page {number}" for number in pages)


MISSING_SCOPE = '{"code": 401, "message": "Unauthorized; scope does not match"}'
REFUSALS = [
    {"status": 401, "body": MISSING_SCOPE},
    *({"status": status} for status in (400, 403, 404, 410, 413, 414, 429, 500, 503)),
    {"kind": "timeout"},
    {"kind": "truncated"},
    {"kind": "invalid_json"},
]


@pytest.mark.parametrize("fault", REFUSALS, ids=str)
async def test_search_that_does_not_answer(world, fault):
    """Whatever keeps a search from answering, pages are listed by date, which the run says."""
    await at_rest(world)
    edit(world, range(30))
    world.site.fail("/content/search", times=None, **fault)
    await assert_written(world, range(30))
    assert len(told_of_listing(world)) == 1


async def test_quota_is_not_only_of_search(world):
    """A search that is refused because the hour's points are used up pauses the run."""
    await at_rest(world)
    world.site.fail("/content/search", status=429, headers={"Retry-After": "1800"})
    assert (await world.sync(INCREMENTAL)).outcome is Outcome.PAUSED


@pytest.mark.parametrize("rows", [0, 5, 29])
async def test_search_that_ends_early(world, rows):
    """Edits that a search leaves out without a word are found by their date, which the run says."""
    await at_rest(world)
    edit(world, range(30))
    world.clock.advance(1800)
    world.site.fail("/content/search", kind="ends_early", rows=rows)
    await assert_written(world, range(30))
    assert len(told_of_listing(world)) == 1


async def test_index_that_lags(world):
    """Edits that the index shows hours later are found at once."""
    world = World(index_lag=timedelta(hours=2))
    await at_rest(world)
    edit(world, range(30))
    world.clock.advance(300)
    await assert_written(world, range(30))
    assert len(told_of_listing(world)) == 1
    for _ in range(6):
        world.clock.advance(300)
        await assert_written(world, [])
        assert told_of_listing(world) == []


async def test_usual_lag_is_no_trouble(world):
    """An edit of this minute need not be in the index; it is found nevertheless."""
    world = World(index_lag=timedelta(seconds=90))
    await at_rest(world)
    edit(world, [1])
    await assert_written(world, [1])
    assert told_of_listing(world) == []


async def test_edits_of_this_minute_hide_nothing(world):
    """If a search knows none of the latest edits, older ones may be missing as well."""
    await at_rest(world)
    edit(world, range(20, 30))
    world.clock.advance(1800)
    edit(world, range(12))
    world.site.fail("/content/search", kind="ends_early")
    await assert_written(world, [*range(12), *range(20, 30)])


@pytest.mark.parametrize("changes", ChangeSource)
async def test_edit_that_shows_late(world, changes):
    """A run looks back beyond the time of the last one, for edits of before that were not shown yet."""
    await at_rest(world)
    world.options = EngineOptions(changes=changes)
    edit(world, range(30))
    await assert_written(world, range(30))
    world.site.page("Page 35").edit("<p>New.</p>", at=world.clock.now() - timedelta(minutes=10))
    await assert_written(world, [35])


async def test_page_that_is_back_is_seen(world):
    """A restored page among the latest edits is found, although it did not change."""
    await at_rest(world, pages=5)
    page = world.site.page("Page 2")
    page.trash()
    await world.sync()
    page.restore()
    await assert_written(world, [2])


async def test_nothing_new_costs_a_constant(world):
    """However many pages there are, a run that finds nothing asks for ten of them."""
    await at_rest(world, pages=600)
    report = await world.sync(INCREMENTAL)
    assert (report.outcome, report.counts.unchanged) == (Outcome.SUCCEEDED, 603)
    assert (report.requests, report.points) == (4, 18)


async def test_listing_by_choice(world):
    """The listing by date needs no search, and one request for all spaces."""
    world.options = EngineOptions(changes=ChangeSource.LISTING)
    await at_rest(world)
    await assert_written(world, [])
    assert SEARCH not in world.requests
    assert world.requests.count("GET /wiki/api/v2/pages") == 1
    edit(world, range(30))
    await assert_written(world, range(30))
    assert world.told(RunWarned) == []


async def test_archived_space(world):
    """A search leaves archived spaces out; their changes are found by date."""
    await at_rest(world)
    world.site.space("DOCS").archive()
    edit(world, range(30))
    world.clock.advance(1800)
    await assert_written(world, range(30))
    assert world.requests.count(SEARCH) == 1
    assert world.told(RunWarned) == []


async def test_many_spaces(world):
    """Spaces are asked about together, as many as an address holds."""
    keys = [f"~{number:024}" for number in range(120)]
    for key in keys:
        world.space(key)
    await world.sync()
    world.clock.advance(12 * 3600)
    for key in keys:
        world.site.space(key).homepage.edit("<p>New.</p>")
    report = await world.sync(INCREMENTAL)
    assert (report.outcome, report.counts.written) == (Outcome.SUCCEEDED, 120)
    queries = [request.query["cql"] for request in world.site.requests if "cql" in request.query]
    assert len(queries) == 2
    assert sum(query.count("~") for query in queries) == 120
    assert all(len(quote(query, safe="")) < 4_000 for query in queries)
    assert sum("-modified-date" in request.query.get("sort", "") for request in world.site.requests) == 2
    assert len(world.requests) < 12


async def test_spaces_are_looked_at_one_by_one_if_need_be(world):
    """Where spaces cannot be asked for together, each is; one that is not there fails alone."""
    await at_rest(world)
    mappings = world.mappings()
    world.mappings = lambda: mappings
    world.site.space("OPS").delete()
    edit(world, [1])
    world.site.fail("/spaces", query=lambda query: "ids" in query, status=400)
    report = await world.sync(INCREMENTAL)
    assert (report.outcome, report.counts.written) == (Outcome.PARTIAL, 1)
    assert [event.kind for event in world.told(SpaceFailed)] == ["not_found"]


@pytest.mark.parametrize("changes", ChangeSource)
async def test_listing_that_goes_in_circles(world, changes):
    """Answers without end and without anything new end as a failed space, not as a run for ever."""
    await at_rest(world, pages=3)
    world.options = EngineOptions(changes=changes)
    number = iter(range(10_000))
    answer = world.site.handle

    def handle(request):
        response = answer(request)
        if "/search" not in request.path and "-modified-date" not in str(request.query):
            return response
        body = f'{{"results": [], "_links": {{"next": "/x?cursor={next(number)}"}}}}'
        return type(response)(headers=response.headers, body=body.encode())

    world.site.handle = handle
    report = await world.sync(INCREMENTAL)
    assert report.outcome is Outcome.FAILED
    assert "in circles" in world.told(SpaceFailed)[0].message


@pytest.mark.parametrize(("edited", "limits"), [(0, [25]), (30, [25, 100]), (600, [25, 100, 250, 250, 250])])
async def test_listing_grows_with_what_changed(world, edited, limits):
    """Few pages are asked for at first, and many where many have changed."""
    world.options = EngineOptions(changes=ChangeSource.LISTING)
    await at_rest(world, pages=700)
    edit(world, range(edited))
    await assert_written(world, range(edited))
    asked = [request.query for request in world.site.requests if "-modified-date" in request.query.get("sort", "")]
    assert [int(query["limit"]) for query in asked] == limits


def asks_for(space):
    return lambda query: "sort" in query and space.id in query.get("space-id", "").split(",")


@pytest.mark.parametrize("changes", ChangeSource)
@pytest.mark.parametrize("bad", [[0], [7], [3, 4, 11]], ids=str)
async def test_space_that_cannot_be_listed_by_date(world, changes, bad):
    """It fails alone, with its own reason; the others are listed together as far as that goes."""
    world.options = EngineOptions(changes=changes)
    spaces = [world.space(f"S{number}") for number in range(16)]
    await world.sync()
    world.clock.advance(12 * 3600)
    for space in spaces:
        space.homepage.edit("<p>New.</p>")
    for number in bad:
        world.site.fail("/pages", query=asks_for(spaces[number]), status=404, times=None)
    report = await world.sync(INCREMENTAL)
    assert (report.outcome, report.counts.written) == (Outcome.PARTIAL, 16 - len(bad))
    assert {event.space_id for event in world.told(SpaceFailed)} == {spaces[number].id for number in bad}
    assert not any([await world.collection(f"wanted-pages/default/{spaces[number].id}") for number in bad])
    world.site.heal()
    report = await world.sync(INCREMENTAL)
    assert (report.outcome, report.counts.written) == (Outcome.SUCCEEDED, len(bad))


async def test_listing_by_date_that_never_answers(world):
    """Where no space can be listed, this is not tried for each of them."""
    world.options = EngineOptions(changes=ChangeSource.LISTING)
    for number in range(64):
        world.space(f"S{number}")
    await world.sync()
    world.site.fail("/pages", query=lambda query: "sort" in query, status=404, times=None)
    assert (await world.sync(INCREMENTAL)).outcome is Outcome.FAILED
    assert len(world.told(SpaceFailed)) == 64
    assert len(world.requests) < 80


async def test_query_is_the_same_to_the_end(world):
    """The window of a search is fixed for all of its answers, and asks for no bodies."""
    await at_rest(world, pages=300)
    edit(world, range(300))
    world.site.fail("/content/search", kind="latency", seconds=600, times=None)
    report = await world.sync(INCREMENTAL)
    assert report.counts.written == 300
    asked = [request.query for request in world.site.requests if "cql" in request.query]
    assert len(asked) == 2
    assert len({query["cql"] for query in asked}) == 1
    assert {query["expand"] for query in asked} == {"version,space"}


@pytest.mark.parametrize("changes", ChangeSource)
@pytest.mark.parametrize("ahead", [-7200, 3600])
async def test_clock_of_the_host_is_wrong(ahead, changes):
    """Windows and watermarks go by the server's clock, also where each step is another process's."""
    world = World()
    world.clock = Ahead(world.clock, ahead)
    world.options = EngineOptions(changes=changes)
    build(world)
    await by_steps(world, RunMode.FULL)
    for _ in range(3):
        world.clock.advance(600)
        edit(world, range(30))
        world.clock.advance(3000)
        assert (await by_steps(world, INCREMENTAL)).counts.written == 30


@pytest.mark.parametrize("mode", [RunMode.FULL, INCREMENTAL])
@pytest.mark.parametrize("changes", ChangeSource)
async def test_clock_of_the_server_was_wrong(world, changes, mode):
    """A run that was told of a time to come does not hide from the next ones what happens until then."""
    world.options = EngineOptions(changes=changes)
    await at_rest(world)
    world.site.clock = Ahead(world.clock, 30 * 24 * 3600)
    await world.sync(mode)
    world.site.clock = world.clock
    edit(world, range(30))
    world.clock.advance(3600)
    await assert_written(world, range(30))
    world.clock.advance(3600)
    await world.sync(INCREMENTAL)
    assert len(world.requests) <= 4


MINUTE = 60
edits = st.lists(st.tuples(st.integers(0, 50), st.sampled_from(["edit", "rename", "page"])), max_size=30)
rounds = st.lists(
    st.tuples(
        st.lists(st.tuples(edits, st.sampled_from([1, 20, MINUTE, 10 * MINUTE, 3600])), max_size=3),
        st.sampled_from([None, 0, 1, 7, 25, 100]),
        st.sampled_from([0, 10, 100, 20 * MINUTE, 5 * 3600]),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(rounds=rounds, changes=st.sampled_from(ChangeSource))
def test_no_edit_is_missed(rounds, changes):
    """However late the index is and wherever a search ends, each run leaves every page as it is on the site."""

    async def story():
        world = World()
        world.options = EngineOptions(changes=changes)
        build(world, pages=15)
        pages = [world.site.page(f"Page {number}") for number in range(15)]
        await world.sync()
        for bursts, rows, lag in rounds:
            for burst, pause in bursts:
                for number, what in burst:
                    change(pages, number, what)
                world.clock.advance(pause)
            world.site.heal()
            if rows is not None:
                world.site.fail("/content/search", kind="ends_early", rows=rows, times=None)
            world.site.settings = attrs.evolve(world.site.settings, index_lag=timedelta(seconds=lag))
            report = await world.sync(INCREMENTAL)
            assert report.outcome is Outcome.SUCCEEDED, report.summary()
            assert await world.files() == await world.clean_copy()

    asyncio.run(story())


def change(pages, number, what):
    page = pages[number % len(pages)]
    match what:
        case "page":
            pages.append(page.space.page(f"Made {len(pages)}", parent=page))
        case "rename":
            page.rename(f"{page.title}!")
        case "edit":
            page.edit(f"<p>{page.version}</p>")


class Ahead:
    """A clock that is wrong by some seconds."""

    def __init__(self, clock, seconds):
        self._clock = clock
        self._seconds = seconds
        self.advance, self.sleep = clock.advance, clock.sleep

    def now(self):
        return self._clock.now() + timedelta(seconds=self._seconds)


async def by_steps(world, mode):
    async with world.engine() as engine:
        state = await engine.begin(world.mappings(), mode=mode)
    done = False
    while not done:
        async with world.engine() as engine:
            done = (await engine.step(state)).done
    return state
