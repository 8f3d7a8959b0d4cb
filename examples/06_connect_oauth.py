"""Connect a site over OAuth: consent screen, callback, choice of a site, first sync, and disconnect again.

With a demo site, unless CONFLUENCE_CLIENT_ID and CONFLUENCE_CLIENT_SECRET are those of an app of yours, whose callback
URL in the developer console is http://localhost:8765/callback.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from confluence_sync import ConfluenceSync, SpaceMapping
from confluence_sync.adapters import FsspecVFS, MemoryStateStore, MemoryTokenStore
from confluence_sync.models import WorkspaceId
from confluence_sync.oauth import OAuthApp
from confluence_sync.testing import FakeSite, demo_site

WORKSPACE = WorkspaceId("workspace-1")  # your own name for a tenant
CLIENT_ID, CLIENT_SECRET = (os.environ.get(f"CONFLUENCE_CLIENT_{name}", "") for name in ("ID", "SECRET"))
REDIRECT_URI = f"http://localhost:{(PORT := int(os.environ.get('PORT', '8765')))}/callback"


@asynccontextmanager
async def your_app() -> AsyncIterator[OAuthApp]:
    """Give the app of the environment, or else that of a demo site whose user may see another one as well."""
    if CLIENT_ID:
        yield OAuthApp(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI)
        return
    site = demo_site()
    FakeSite(name="another", url="https://another.atlassian.net", cloud_id="1", oauth=site.oauth)
    app = site.oauth.app(redirect_uris=[REDIRECT_URI])
    async with site.serve() as url:
        yield OAuthApp(app.client_id, app.client_secret, REDIRECT_URI, auth_url=url, gateway_url=url)


async def consent(url: str) -> str:
    """Send the user's browser away, and return the path and query with which it comes back."""
    came_back: asyncio.Queue[str] = asyncio.Queue()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        words = (await reader.readline()).decode("latin-1").split(" ")
        if len(words) > 1 and words[1].startswith("/callback?"):  # browsers ask for other things, too, or for nothing
            came_back.put_nowait(words[1])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\nConnection: close\r\n\r\nYou may close me.")
        writer.close()

    server = await asyncio.start_server(answer, "localhost", PORT)
    print(f"Consent at {url}")
    if not CLIENT_ID:  # the demo's user does so at once
        await asyncio.to_thread(httpx.get, url, follow_redirects=True, trust_env=False)
    callback = await came_back.get()
    server.close()
    return callback


async def main(folder: Path) -> None:
    """Connect, sync all spaces but personal ones, disconnect."""
    state, tokens, files = MemoryStateStore(), MemoryTokenStore(), FsspecVFS.from_url(folder)
    async with your_app() as app, ConfluenceSync(state=state, tokens=tokens, vfs=files, app=app) as sync:
        session = secrets.token_urlsafe()  # a web application has one, in a cookie
        callback = await consent(await sync.authorize(WORKSPACE, session=session))
        sites = (await sync.finish_authorization(callback, session=session)).sites
        print(*(f"{number}: {site.name} ({site.url})" for number, site in enumerate(sites, start=1)), sep="\n")
        number = int(await asyncio.to_thread(input, "Which site? "))
        await sync.choose_site(WORKSPACE, sites[number - 1].id)
        spaces = [choice.space for choice in await sync.spaces(WORKSPACE) if not choice.personal]
        await sync.save_mappings(WORKSPACE, [SpaceMapping(space_id=space.id) for space in spaces])
        async with sync.sync_now(WORKSPACE) as run:
            print((await run.wait()).summary())
        disconnected = await sync.delete(WORKSPACE)
    print(f"The files stay in {folder}/", *disconnected.steps, sep="\n")


if __name__ == "__main__":
    asyncio.run(main(Path("confluence-oauth")))
