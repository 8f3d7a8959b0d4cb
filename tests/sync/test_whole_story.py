"""The whole product feature: over HTTP, in two processes that share one file, through the public API only."""

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from worker_process import facade

import confluence_sync
from confluence_sync.adapters import SQLiteDatabase
from confluence_sync.errors import ConnectionStateError, NotEnabledError
from confluence_sync.events import PageWritten
from confluence_sync.models import Outcome, SpaceMapping, Trigger, WorkspaceId
from confluence_sync.testing import FakeSite

LONG = bool(os.environ.get("CONFLUENCE_SYNC_LONG"))
REFRESHES = 200 if LONG else 20
ACME = WorkspaceId("acme")
CALLBACK = "http://127.0.0.1:1/callback"
APP = {"client_id": "client-1", "client_secret": "client-secret-1"}
SOURCE = str(Path(confluence_sync.__file__).parents[1])


class Worker:
    """The other process."""

    def __init__(self, process) -> None:
        self.process = process

    async def do(self, what, **details):
        self.process.stdin.write(json.dumps({"do": what, **details}).encode() + b"\n")
        answer = await self.process.stdout.readline()
        assert answer, (await self.process.stderr.read()).decode()
        return json.loads(answer)


@asynccontextmanager
async def worker_over(*arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("worker_process.py")),
        *map(str, arguments),
        env={**os.environ, "PYTHONPATH": SOURCE},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Worker(process)
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(20):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def callback_of(browser, url):
    """Let a browser consent, and return the query with which it comes back."""
    answer = await browser.get(url)
    assert answer.status_code == 302
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


@pytest.fixture
def site():
    site = FakeSite(name="Docs")
    docs = site.space("DOCS", name="Documentation")
    for number in range(30):
        docs.page(f"Page {number}", storage=f"<p>Text {number}</p>")
    site.space("TEAM", name="Team")
    site.space("OLD", name="Old", status="archived")
    site.oauth.app(**APP, redirect_uris=[CALLBACK])
    return site


async def test_the_whole_story(site, tmp_path):
    """Flag, consent, choice of the site, mappings, progress, schedule, log, lost grant, disable, enable, delete."""
    enabled = set()
    with site.serve() as url:
        app = {**APP, "redirect_uri": CALLBACK, "auth_url": url, "gateway_url": url}
        database, folder = tmp_path / "state.db", tmp_path / "files"
        folder.mkdir()
        async with (
            SQLiteDatabase(database) as opened,
            facade(opened, folder, app, enabled=lambda workspace: workspace in enabled) as sync,
            worker_over(database, folder, json.dumps(app)) as worker,
            httpx.AsyncClient(trust_env=False) as browser,
        ):
            # Behind a feature flag.
            with pytest.raises(NotEnabledError):
                await sync.authorize(ACME, session="s1")
            enabled.add(ACME)

            # The user consents here, the callback reaches the worker, the site is chosen here.
            query = await callback_of(browser, await sync.authorize(ACME, session="s1"))
            (cloud_id,) = await worker.do("callback", query=query, session="s1")
            connection = await sync.choose_site(ACME, cloud_id)
            assert (connection.status, connection.site_name) == ("active", "Docs")

            # Spaces and mappings.
            choices = await sync.spaces(ACME)
            assert [(c.space.key, c.archived) for c in choices] == [("DOCS", False), ("OLD", True), ("TEAM", False)]
            mappings = [SpaceMapping(space_id=c.space.id, folder="wiki") for c in choices if not c.archived]
            await sync.save_mappings(ACME, mappings)

            # Sync now, with live progress.
            written, shares = 0, []
            async with sync.sync_now(ACME) as run:
                async for event in run:
                    written += isinstance(event, PageWritten)
                    shares.append(run.progress.share)
            assert run.report.outcome is Outcome.SUCCEEDED
            assert written == 32
            assert shares[-1] == 1.0
            assert (folder / "acme/wiki/Documentation/Page 3.md").read_text().endswith("Text 3\n")

            # On a schedule, in the worker; one page fails, which the log here shows first.
            await sync.set_schedule(ACME, 3600)
            failing = site.page("Page 5")
            failing.edit("<p>More</p>")
            site.page("Page 6").edit("<p>More</p>")
            site.fail(page_id=failing.id, status=413, body='{"message": "too heavy"}', times=None)
            assert [run["outcome"] for run in await worker.do("run what is due", hours=2)] == ["partial"]
            site.heal()
            record = (await sync.runs(ACME))[0]
            assert (record.trigger, record.outcome) == (Trigger.SCHEDULED, Outcome.PARTIAL)
            detail = await sync.run(ACME, record.run_id)
            assert [(page.title, page.what) for page in detail.pages] == [("Page 5", "failed"), ("Page 6", "written")]
            assert "too heavy" in detail.pages[0].message
            assert await worker.do("runs", workspace=ACME) == [r.run_id for r in await sync.runs(ACME)]

            # The user takes the consent back: the worker finds out, both know, files stay.
            site.oauth.revoke()
            (ended,) = await worker.do("run what is due", hours=4)
            assert ended["outcome"] == "failed"
            connection = await sync.connection(ACME)
            assert (connection.status, connection.message) == ("reauthorization_required", ended["message"])
            assert await worker.do("run what is due", hours=6) == []
            query = await callback_of(browser, await sync.reauthorize(ACME, session="s2"))
            await worker.do("callback", query=query, session="s2")
            assert (await sync.connection(ACME)).status == "active"
            assert await sync.mappings(ACME) == tuple(mappings)
            assert [run["outcome"] for run in await worker.do("run what is due", hours=8)] == ["succeeded"]

            # Disabled here, nothing runs there.
            await sync.disable(ACME)
            assert await worker.do("run what is due", hours=10) == []
            with pytest.raises(ConnectionStateError):
                await sync.spaces(ACME)
            await sync.enable(ACME)
            assert [run["outcome"] for run in await worker.do("run what is due", hours=12)] == ["succeeded"]

            # Deleted: the files stay.
            enabled.clear()
            disconnected = await sync.delete(ACME)
            assert disconnected.folders == ("wiki/Documentation", "wiki/Team")
            assert await worker.do("run what is due", hours=14) == []
            assert await opened.tokens.load(connection.id) is None
    assert len(list((folder / "acme/wiki").rglob("*.md"))) == 32


async def test_two_processes_share_a_grant_that_lasts_for_a_second(site, tmp_path):
    """They read all the time and refresh twice a second, 200 times if there is time; then one of them is killed."""
    site.oauth.app(**APP, redirect_uris=[CALLBACK], token_lifetime=timedelta(seconds=1))
    with site.serve() as url:
        app = {**APP, "redirect_uri": CALLBACK, "auth_url": url, "gateway_url": url}
        database, folder = tmp_path / "state.db", tmp_path / "files"
        folder.mkdir()
        async with (
            SQLiteDatabase(database) as opened,
            facade(opened, folder, app) as sync,
            worker_over(database, folder, json.dumps(app)) as one,
            worker_over(database, folder, json.dumps(app)) as two,
            httpx.AsyncClient(trust_env=False) as browser,
        ):
            query = await callback_of(browser, await sync.authorize(ACME, session="s1"))
            consent = await sync.finish_authorization(query, session="s1")
            await sync.choose_site(ACME, consent.sites[0].id)
            while site.oauth.refreshes < REFRESHES:
                hurry = {"workspace": ACME, "seconds": 5}
                answers = [worker.do("read in a hurry", **hurry) for worker in (one, two)]
                assert await asyncio.gather(*answers) == ["done", "done"]
            assert site.oauth.reuses == 0

            one.process.stdin.write(
                json.dumps({"do": "read in a hurry", "workspace": ACME, "seconds": 60}).encode() + b"\n"
            )
            before = site.oauth.refreshes
            while site.oauth.refreshes < before + 3:  # noqa: ASYNC110 - a site tells nobody
                await asyncio.sleep(0.01)
            one.process.kill()
            assert await two.do("read in a hurry", workspace=ACME, seconds=2) == "done"
            assert [found.name for found in await sync.sites(ACME)] == ["Docs"]
            assert (await sync.connection(ACME)).status == "active"
