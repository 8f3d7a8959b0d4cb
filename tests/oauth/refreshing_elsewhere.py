"""What other processes do to the tokens of a test: refresh them in a hurry, or die in the middle of it."""

import asyncio
import os
import signal

from confluence_sync.adapters import SQLiteDatabase
from confluence_sync.client import ConfluenceClient, GatewayBearer
from confluence_sync.models import ConnectionId
from confluence_sync.oauth import OAuthApp, OAuthTokenSource, TokenEndpoint

CALLBACK = "http://127.0.0.1:8000/callback"
ONE = ConnectionId("one")
TASKS = 10


def app_of(url):
    """The app of FakeSite, whose servers are all at one address."""
    return OAuthApp("fake-client-id", "fake-client-secret", CALLBACK, auth_url=url, gateway_url=url)


class CountingEndpoint(TokenEndpoint):
    """A token endpoint that counts the refreshes of this process."""

    refreshes = 0

    async def refresh(self, tokens):
        self.refreshes += 1
        return await super().refresh(tokens)


class DeadlyStore:
    """A token store whose process is killed, as by `kill -9`, just before or just after it saves."""

    def __init__(self, store, *, after):
        self.load, self.delete, self.lock = store.load, store.delete, store.lock
        self._store = store
        self._after = after

    async def save(self, connection_id, secret):
        if self._after:
            await self._store.save(connection_id, secret)
        os.kill(os.getpid(), signal.SIGKILL)


async def refresh_often(report, path, url, times):
    """Refresh so many times in this process, by many tasks at once, and use the last token."""
    async with SQLiteDatabase(path) as database, CountingEndpoint(app_of(url)) as endpoint:
        source = OAuthTokenSource(ONE, endpoint, database.tokens)
        auth = GatewayBearer("0", source.access_token, refused=source.refused, gateway_url=url)

        async def hurry():
            while endpoint.refreshes < times:
                assert await source.refused(await source.access_token(), 401)

        report("ready")
        async with asyncio.TaskGroup() as group:
            for _ in range(TASKS):
                group.create_task(hurry())
        async with ConfluenceClient(auth) as client:
            assert await client.accessible_resources()
        report(endpoint.refreshes)


async def die_refreshing(report, path, url, after):
    """Be killed between the refresh and the moment in which anybody uses its tokens."""
    async with SQLiteDatabase(path) as database, TokenEndpoint(app_of(url)) as endpoint:
        source = OAuthTokenSource(ONE, endpoint, DeadlyStore(database.tokens, after=after))
        report("ready")
        await source.refused(await source.access_token(), 401)
        report("alive")
