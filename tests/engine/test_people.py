"""Names of users: asked for together, once."""

import pytest

from confluence_sync.engine import EngineOptions
from confluence_sync.events import RunWarned
from confluence_sync.models import Outcome, RunMode

USERS = "POST /wiki/api/v2/users-bulk"


@pytest.fixture
def docs(world):
    world.site.user("u1", "Documentation Team")
    world.site.user("u2", "Platform Team")
    docs = world.space("DOCS")
    mention = '<p><ac:link><ri:user ri:account-id="u2" /></ac:link></p>'
    for number in range(3):
        docs.page(f"Page {number}", author="u1", storage=mention)
    return docs


async def test_one_request_for_all(world, docs):
    """A first run asks for all users at once; a full run asks again, for people change their names."""
    await world.sync()
    assert world.requests.count(USERS) == 1
    text = await world.text("Docs/Page 1.md")
    assert "author: Documentation Team" in text
    assert "Platform Team" in text
    world.site.page("Page 1").edit("<p>New.</p>")
    await world.sync(RunMode.INCREMENTAL)
    assert USERS not in world.requests
    await world.sync()
    assert world.requests.count(USERS) == 1


async def test_each_is_asked_for_once_in_a_run_by_steps(world, docs):
    """Who takes the next step asks for nobody again, on a first run and on later ones."""
    world.options = EngineOptions(body_batch=1, step_requests=1, step_writes=1)
    for _ in range(2):
        world.clock.advance(60)
        world.site.reset_log()
        async with world.engine() as engine:
            state = await engine.begin(world.mappings())
        while state.outcome is None:
            async with world.engine() as engine:
                await engine.step(state)
        assert world.requests.count(USERS) == 1
        world.site.page("Page 1").edit("<p>New.</p>")


async def test_a_user_has_another_name(world, docs):
    """A new display name reaches the files of all who are mentioned, and only those."""
    await world.sync()
    world.site.user("u2", "Infrastructure Team")
    assert (await world.sync()).counts.written == 3
    assert await world.files() == await world.clean_copy()


async def test_names_come_later(world, docs):
    """Names that could not be read reach the files as soon as they can be, whatever the reason was."""
    for status in (400, 403, 404):
        world.site.fail("/users-bulk", status=status, times=None)
        assert (await world.sync()).outcome is Outcome.SUCCEEDED
        world.site.heal()
    await world.sync()
    assert "Platform Team" in await world.text("Docs/Page 1.md")
    assert await world.files() == await world.clean_copy()


async def test_refused(world, docs):
    """Without the right to read users the files carry no names, and the run says so once and succeeds."""
    world.site.fail("/users-bulk", status=403, times=None)
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED
    assert world.requests.count(USERS) == 1
    assert "author" not in await world.text("Docs/Page 1.md")
    (warned,) = world.told(RunWarned)
    assert "names of users cannot be read" in warned.message


async def test_user_that_is_gone(world, docs):
    """A user that nobody knows is asked for once a full run, and has no name."""
    docs.page("By a stranger", author="u9")
    await world.sync()
    world.site.page("By a stranger").edit("<p>New.</p>")
    await world.sync()
    assert world.requests.count(USERS) == 1
    assert "author" not in await world.text("Docs/By a stranger.md")
