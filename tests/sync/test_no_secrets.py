"""Secrets are in requests to the configured hosts and in the token store, and nowhere else."""

import asyncio
import io
import logging
import traceback

import attrs
import httpx
import pytest
from sync_world import ACME, CALLBACK, mapping

from confluence_sync.adapters import (
    FsspecVFS,
    JsonLinesLogSink,
    LoggingLogSink,
    MemoryTokenStore,
    SQLiteDatabase,
)
from confluence_sync.client import GatewayApiToken, SiteApiToken
from confluence_sync.documents import dump_event
from confluence_sync.errors import ConfluenceSyncError
from confluence_sync.oauth import OAuthApp
from confluence_sync.sync import ConfluenceSync
from confluence_sync.testing import FakeSite

CLIENT_SECRET = "the-client-secret-of-the-app"
API_TOKEN = "the-api-token-of-the-account"
SESSION_SECRET = "the-session-of-the-browser"
EMAIL = "reader@example.com"


class Emitted:
    """All that leaves the library on other ways than requests."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def add(self, *values: object) -> None:
        for value in values:
            self.pieces += [repr(value), str(value)]

    def add_error(self, error: BaseException) -> None:
        """Its words, its attributes, the traceback, and what it came from."""
        seen: set[int] = set()
        self.pieces.append("".join(traceback.format_exception(error)))
        pending: list[BaseException | None] = [error]
        while pending:
            error = pending.pop()
            if error is not None and id(error) not in seen:
                seen.add(id(error))
                self.add(error, error.args, vars(error))
                pending += [error.__cause__, error.__context__]

    def leaks(self, secrets: list[str]) -> list[str]:
        """Where secrets were found, with a little around them."""
        return [
            f"{secret[:12]}... in ...{piece[max(0, at - 60) : at + 20]}..."
            for piece in self.pieces
            for secret in secrets
            if (at := piece.find(secret)) >= 0
        ]


@pytest.fixture
def site():
    site = FakeSite(name="Docs")
    docs = site.space("DOCS", name="Documentation")
    for number in range(5):
        docs.page(f"Page {number}", storage=f"<p>Text {number}</p>")
    site.oauth.app(client_id="client-1", client_secret=CLIENT_SECRET, redirect_uris=[CALLBACK])
    return site


@pytest.fixture
def log():
    """Everything that is logged in the process, of every logger, at DEBUG level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s %(pathname)s"))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for name in ("httpx", "httpcore", "confluence_sync"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


async def whole_life(sync, site, emitted):
    """Connect, run with good and bad luck, lose the grant, get another, change over to API tokens, delete."""

    async def tried(call):
        try:
            emitted.add(await call)
        except ConfluenceSyncError as error:
            emitted.add_error(error)

    async def run():
        async with sync.sync_now(ACME) as run:
            async for event in run:
                emitted.add(event, dump_event(event))
            emitted.add(run.report, run.report.summary())
            if run.report.error is not None:
                emitted.add_error(run.report.error)

    site.fail("/oauth/token", status=500)
    declined = await sync.authorize(ACME, session=SESSION_SECRET)
    await tried(sync.finish_authorization({"error": "access_denied", "state": declined[-43:]}, session="another"))
    url = await sync.authorize(ACME, session=SESSION_SECRET)
    callback = site.oauth.visit(url)
    site.fail("/oauth/token", status=401, body='{"error": "access_denied", "error_description": "Unauthorized"}')
    await tried(sync.finish_authorization(callback, session=SESSION_SECRET))
    site.heal()
    callback = site.oauth.visit(await sync.authorize(ACME, session=SESSION_SECRET))
    await tried(sync.finish_authorization(callback, session=SESSION_SECRET))
    await tried(sync.choose_site(ACME, "nowhere"))
    await tried(sync.choose_site(ACME, site.settings.cloud_id))
    emitted.add(await sync.connections())
    await tried(sync.spaces(ACME))
    await sync.save_mappings(ACME, [mapping(site.space("DOCS"), "wiki")])
    site.fail(page_id=site.page("Page 3").id, status=413, body="<html>no</html>", times=None)
    await run()
    await tried(sync.preview(ACME))
    site.heal()
    site.fail("/pages", status=401, body='{"code": 401, "message": "Unauthorized"}', times=None)
    await run()
    site.heal()
    site.oauth.revoke()
    await tried(sync.spaces(ACME))
    await tried(sync.spaces(ACME))
    callback = site.oauth.visit(await sync.reauthorize(ACME, session=SESSION_SECRET))
    await tried(sync.finish_authorization(callback, session=SESSION_SECRET))
    await run()
    for record in await sync.runs(ACME):
        emitted.add(record, await sync.run(ACME, record.run_id))
    emitted.add(await sync.delete(ACME))
    auth = SiteApiToken(sync.served, EMAIL, API_TOKEN)
    await tried(sync.connect_with_api_token(ACME, auth))
    await sync.save_mappings(ACME, [mapping(site.space("DOCS"), "wiki")])
    await run()
    site.require(email=EMAIL, token="another", refuse=True)
    await run()
    await tried(sync.replace_api_token(ACME, auth))
    await tried(sync.replace_api_token(ACME, GatewayApiToken("0", EMAIL, API_TOKEN, gateway_url=sync.served)))
    emitted.add(await sync.connection(ACME), auth)


async def test_no_secret_leaves_by_any_other_way(site, log, tmp_path):
    """Logs of httpx included, over HTTP: events, errors and what led to them, reprs, addresses, state, files."""
    emitted, tokens, lines = Emitted(), MemoryTokenStore(), tmp_path / "events.jsonl"
    addresses: list[str] = []

    async def remember(request):
        addresses.append(str(request.url))

    async with (
        site.serve() as url,
        SQLiteDatabase(tmp_path / "state.db") as database,
        httpx.AsyncClient(event_hooks={"request": [remember]}, trust_env=False) as http,
    ):
        app = OAuthApp("client-1", CLIENT_SECRET, CALLBACK, auth_url=url, gateway_url=url)
        sync = ConfluenceSync(
            state=database.state,
            tokens=tokens,
            vfs=FsspecVFS.from_url(str(tmp_path / "files")),
            app=app,
            http=http,
            sinks=[LoggingLogSink(), JsonLinesLogSink(lines)],
        )
        sync.served = url
        async with asyncio.timeout(60):
            await whole_life(sync, site, emitted)
        emitted.add(app, sync, tokens, vars(sync), attrs.asdict(sync._host, recurse=False))
    emitted.pieces += [*addresses, log.getvalue(), lines.read_text()]
    emitted.pieces += [
        path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file() and path != lines
    ]
    secrets = [*site.oauth.issued, CLIENT_SECRET, API_TOKEN, SESSION_SECRET]
    assert len(secrets) > 8
    assert "HTTP Request: POST" in log.getvalue()
    assert "send_request_headers" in log.getvalue()
    assert len(lines.read_text().splitlines()) > 30
    assert any("page_id" in piece for piece in emitted.pieces)
    assert emitted.leaks(secrets) == []


def frames_of(error):
    """What a report with the variables of all frames of this library prints of an error and of what led to it."""
    printed = []
    while error is not None:
        traced = traceback.TracebackException(type(error), error, error.__traceback__, capture_locals=True)
        printed += [repr(frame.locals) for frame in traced.stack if "confluence_sync" in frame.filename]
        error = error.__cause__ or error.__context__
    return printed


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"kind": "reset"},
        {"kind": "truncated"},
        {"status": 401, "body": '{"error": "access_denied"}'},
        {"status": 403, "body": '{"error": "invalid_grant"}'},
        {"status": 403, "body": "<html>Forbidden</html>"},
    ],
    ids=repr,
)
async def test_error_reports_with_variables(world, answer):
    """Some hosts report errors with the variables of all frames: neither token nor the app's secret is among them."""
    await world.connect()
    world.later(hours=2)
    world.site.fail("/oauth/token", times=None, **answer)
    emitted = Emitted()
    with pytest.raises(ConfluenceSyncError) as raised:
        await world.sync.spaces(ACME)
    emitted.pieces += frames_of(raised.value)
    assert any("_Grant" in piece for piece in emitted.pieces)
    assert emitted.leaks([*world.site.oauth.issued, world.app.client_secret]) == []


def test_the_search_for_secrets_finds_them():
    """The test above can fail."""
    emitted = Emitted()
    error = ValueError("harmless")
    error.__context__ = KeyError(f"Bearer {API_TOKEN}")
    emitted.add_error(error)
    assert emitted.leaks([API_TOKEN])
    assert not emitted.leaks([CLIENT_SECRET])
