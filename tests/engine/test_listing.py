"""Listings that do not end, that hold what does not belong there, and what is left of them."""

import json
from itertools import count

import attrs
import pytest

from confluence_sync.engine import EngineOptions
from confluence_sync.events import PagesListed, RunWarned, SpaceFailed
from confluence_sync.models import Outcome, RunMode


@pytest.fixture
def docs(world):
    docs = world.space("DOCS")
    for number in range(11):
        docs.page(f"Page {number}", parent=docs.homepage)
    world.options = EngineOptions(body_batch=2, listing_batch=2, step_requests=3)
    return docs


def rewrite_listings(world, change):
    """Let a function change what the site answers when it lists pages."""
    handle = world.site.handle

    def rewritten(request):
        response = handle(request)
        if not request.path.endswith("/pages"):
            return response
        payload = json.loads(response.body)
        change(payload)
        headers = {name: value for name, value in response.headers.items() if name.lower() != "link"}
        return attrs.evolve(response, status=200, body=json.dumps(payload).encode(), headers=headers)

    world.site.handle = rewritten


@pytest.mark.usefixtures("docs")
async def test_listing_that_goes_in_circles(world):
    """A site whose last portion leads back to the second fails the space, also if a round takes several steps."""
    second = []

    def lead_back(payload):
        second.append(payload["_links"].get("next"))
        payload["_links"].setdefault("next", second[0])

    rewrite_listings(world, lead_back)
    assert (await world.sync()).outcome is Outcome.FAILED
    (failed,) = world.told(SpaceFailed)
    assert "goes in circles" in failed.message
    assert max(event.pages for event in world.told(PagesListed)) == 12
    assert any("starts over without" in event.message for event in world.told(RunWarned))
    assert len(world.requests) < 150


async def test_listing_of_nothing_that_never_ends(world, docs):
    """The same with portions that are empty, each with a cursor of its own."""
    numbers = count()

    def lead_on(payload):
        payload.clear()
        following = f"/wiki/api/v2/spaces/{docs.id}/pages?cursor={next(numbers)}"
        payload.update(results=[], _links={"next": following})

    rewrite_listings(world, lead_on)
    assert (await world.sync()).outcome is Outcome.FAILED
    assert "goes in circles" in world.told(SpaceFailed)[0].message


@pytest.mark.usefixtures("docs")
async def test_few_empty_portions_are_no_circle(world):
    """Pages that the token may not see leave gaps in a listing, even longer than a step."""
    world.options = EngineOptions(body_batch=1, step_requests=2)
    hidden = {f"Page {number}" for number in range(5)}
    rewrite_listings(
        world,
        lambda payload: payload.update(results=[page for page in payload["results"] if page["title"] not in hidden]),
    )
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert len(await world.paths()) == 7
    assert world.told(RunWarned) == []


@pytest.mark.parametrize("mode", [RunMode.FULL, RunMode.REBUILD])
async def test_page_that_is_not_current(world, docs, mode):
    """A listing may hold pages that were archived meanwhile; they are no pages of the tree."""
    if mode is RunMode.FULL:
        await world.sync()
    archived = world.site.page("Page 3")

    def archive(payload):
        for page in payload["results"]:
            if page["id"] == str(archived.id):
                page["status"] = "archived"

    rewrite_listings(world, archive)
    assert (await world.sync(mode)).counts.listed == 11
    assert world.told(PagesListed)[-1].pages == 11
    pages = [key for number in (1, 2) for key in await world.collection(f"pages/default/{docs.id}/{number}")]
    assert len(pages) == 11
    assert str(archived.id) not in pages


async def test_old_trees_do_not_pile_up(world, docs):
    """Of all the trees that were listed the store holds the last."""
    for _ in range(3):
        await world.sync()
    docs.folder("Folder")
    sizes = [len(await world.collection(f"pages/default/{docs.id}/{number}")) for number in range(5)]
    assert sizes == [0, 0, 0, 12, 0]
