"""Processes that share one SQLite file never lose the grant: neither in a hurry, nor when one of them is killed."""

import sys
from datetime import timedelta

import httpx
import pytest
from refreshing_elsewhere import CALLBACK, ONE, app_of, die_refreshing, refresh_often

from confluence_sync.adapters import SQLiteDatabase
from confluence_sync.oauth import OAuthTokenSource, TokenEndpoint
from confluence_sync.testing import FakeSite
from confluence_sync.testing.contracts._elsewhere import elsewhere

REFRESHES = 100


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db"


@pytest.fixture
async def served():
    """A site over HTTP on this machine, whose tokens live for one second."""
    site = FakeSite()
    async with site.serve() as url:
        yield site, url


async def connect(site, url, path):
    """Consent, and save the first tokens."""
    async with TokenEndpoint(app_of(url)) as endpoint, SQLiteDatabase(path) as database:
        callback = site.oauth.visit(endpoint.app.authorization_url("state"))
        tokens = await endpoint.exchange(httpx.URL(callback).params["code"])
        await OAuthTokenSource(ONE, endpoint, database.tokens).adopt(tokens)


async def refreshed(url, path):
    """A token that this process got by one more refresh."""
    async with TokenEndpoint(app_of(url)) as endpoint, SQLiteDatabase(path) as database:
        source = OAuthTokenSource(ONE, endpoint, database.tokens)
        assert await source.refused(await source.access_token(), 401)
        return await source.access_token()


async def test_two_processes_in_a_hurry(served, path):
    """Two processes refresh 200 times, by 20 tasks, with tokens of one second; no refresh token is sent twice."""
    site, url = served
    lifetime, leeway = timedelta(seconds=1), timedelta(0)  # without leeway, so that a second use ends the grant
    site.oauth.app(redirect_uris=[CALLBACK], token_lifetime=lifetime, leeway=leeway)
    await connect(site, url, path)
    async with (
        elsewhere(refresh_often, path, url, REFRESHES) as one,
        elsewhere(refresh_often, path, url, REFRESHES) as two,
    ):
        assert [await one.report(), await two.report()] == ["ready", "ready"]
        counts = [await one.report(), await two.report()]
    assert min(counts) >= REFRESHES
    assert (site.oauth.refreshes, site.oauth.reuses) == (sum(counts), 0)
    assert await refreshed(url, path)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize(("after", "reuses"), [(False, 1), (True, 0)], ids=["before the save", "after the save"])
async def test_process_that_is_killed_while_it_refreshes(served, path, after, reuses):
    """Killed between refresh and save, the next process sends the old token once more, and the connection lives on."""
    site, url = served
    site.oauth.app(redirect_uris=[CALLBACK])
    await connect(site, url, path)
    async with elsewhere(die_refreshing, path, url, after) as victim:
        assert await victim.report() == "ready"
        with pytest.raises(AssertionError, match="the other process died"):
            await victim.report()
    assert site.oauth.refreshes == 1
    assert await refreshed(url, path)
    assert (site.oauth.refreshes, site.oauth.reuses) == (2, reuses)
    assert await refreshed(url, path)
    assert site.oauth.reuses == reuses
