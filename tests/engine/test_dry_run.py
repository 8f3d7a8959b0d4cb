"""The dry run goes by the rules of a run, and leaves everything as it is."""

import json
from itertools import count

import attrs
import pytest

from confluence_sync.errors import AuthenticationError, ErrorKind, PermissionDeniedError, UnexpectedResponseError
from confluence_sync.events import SpacePlanned


async def preview(world):
    world.site.reset_log()
    async with world.engine() as engine:
        return await engine.preview(world.mappings())


def lines(plans):
    return [str(action) for plan in plans for action in plan.actions]


async def test_one_space_is_not_available(world):
    """The others are planned, links lead to where its files are, and the reason is told."""
    one, two = world.space("ONE"), world.space("TWO")
    one.page("Page")
    two.page("Other")
    await world.sync()
    one.page("More")
    world.site.fail(f"/spaces/{two.id}/pages", status=403)
    found = await preview(world)
    assert lines(found.plans) == ["write One/More.md (new)"]
    (error,) = found.problems.values()
    assert list(found.problems) == [str(two.id)]
    assert error.kind is ErrorKind.PERMISSION_DENIED
    assert str(found).splitlines()[-2].startswith(f"space {two.id}: ")
    assert len(found.plans) == 1


async def test_a_list_of_plans_is_whole(world):
    """Who asks for plans alone gets one for each mapping, or the reason why not."""
    world.space("ONE")
    two = world.space("TWO")
    async with world.engine() as engine:
        assert len(await engine.plan(world.mappings())) == 2
        world.site.fail(f"/spaces/{two.id}/pages", status=403)
        with pytest.raises(PermissionDeniedError):
            await engine.plan(world.mappings())


async def test_no_space_is_available(world):
    """Then there are reasons and no plans."""
    docs = world.space()
    world.site.fail(f"/spaces/{docs.id}", status=404, times=None)
    found = await preview(world)
    assert list(found.plans) == []
    assert list(found.problems) == [str(docs.id)]


async def test_a_token_that_is_not_accepted(world):
    """A token that is nobody's sees empty spaces; a plan must not be made of that."""
    world.space()
    await world.sync()
    world.site.fail("/user/current", status=401, times=None)
    with pytest.raises(AuthenticationError):
        await preview(world)
    assert world.requests == ["GET /wiki/rest/api/user/current"]


async def test_identity_that_may_not_be_read(world, caplog):
    """A token without the scope for that is no obstacle."""
    world.space()
    world.site.fail("/user/current", status=401, body='{"code": 401, "message": "Unauthorized; scope does not match"}')
    assert len((await preview(world)).plans) == 1
    assert "identity was not checked" in caplog.text


async def test_a_listing_without_end(world):
    """Empty portions with ever new cursors end as that space's problem."""
    docs, _ = world.space(), world.space("OPS")
    path, cursors = f"/wiki/api/v2/spaces/{docs.id}/pages", count()
    handle = world.site.handle

    def lead_on(request):
        response = handle(request)
        if request.path != path:
            return response
        portion = {"results": [], "_links": {"next": f"{path}?cursor={next(cursors)}"}}
        return attrs.evolve(response, status=200, body=json.dumps(portion).encode())

    world.site.handle = lead_on
    found = await preview(world)
    (error,) = found.problems.values()
    assert isinstance(error, UnexpectedResponseError)
    assert "goes in circles" in str(error)
    assert len(found.plans) == 1


async def test_a_page_that_moves_while_it_is_listed(world):
    """It is in one plan, as in a run."""
    one, two = world.space("ONE"), world.space("TWO")
    page = one.page("Page")
    handle = world.site.handle

    def answer(request):
        response = handle(request)
        if request.path.endswith(f"/spaces/{one.id}/pages"):
            page.move(two)
        return response

    world.site.handle = answer
    assert [line for line in lines((await preview(world)).plans) if "Page" in line] == ["write Two/Page.md (new)"]


async def test_a_preview_changes_nothing_and_comes_true(world):
    """What it shows is what the next run does, moves between spaces included."""
    one, two = world.space("ONE"), world.space("TWO")
    top = one.page("Top")
    one.page("Below", parent=top)
    await world.sync()
    top.move(two)
    one.rename("Uno")
    found = await preview(world)
    memory = {name: await world.collection(f"{name}/default") for name in ("spaces", "runs", "held", "users")}
    assert await preview(world) is not found
    assert {name: await world.collection(f"{name}/default") for name in memory} == memory
    await world.sync()
    planned = {event.space_key: (event.writes, event.moves) for event in world.told(SpacePlanned)}
    assert planned == {plan.layout.snapshot.space.key: (len(plan.writes), len(plan.moves)) for plan in found.plans}
