"""Shows what an extra is for, where nothing else is installed: `nox -s extras`, or `python tests/extra_alone.py sql`.

Runs the examples of the extra in an empty folder, and what has no example of its own right here. `s3` needs the URL of
a server as a second argument.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from confluence_sync import ConfluenceClient, SiteApiToken, SpaceMapping, SyncEngine
from confluence_sync.adapters import FsspecVFS, MemoryStateStore, MemoryTokenStore
from confluence_sync.models import ConnectionId
from confluence_sync.testing import demo_site

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
WITHOUT_EXTRAS = [
    "01_first_sync.py",
    "02_dry_run.py",
    "04_custom_macro.py",
    "05_convert_only.py",
    "07_scheduler.py",
    "08_run_log.py",
    "09_ask_with_citations.py",
]
ONE = ConnectionId("one")


def example(name, *arguments, **environment):
    subprocess.run([sys.executable, EXAMPLES / name, *arguments], check=True, env={**os.environ, **environment})


async def sync(state):
    """Sync the demo site into the folder `pages`."""
    async with demo_site().serve() as url, ConfluenceClient(SiteApiToken(url, "you@example.com", "token")) as client:
        mappings = [SpaceMapping(space_id=space.id) async for batch in client.space_batches() for space in batch.items]
        report = await SyncEngine(client, FsspecVFS.from_url("pages"), state).sync(mappings)
    report.raise_for_failures()


def nothing():
    for name in WITHOUT_EXTRAS:
        example(name)


async def crypto():
    from cryptography.fernet import Fernet

    from confluence_sync.adapters import EncryptedTokenStore

    inner = MemoryTokenStore()
    store = EncryptedTokenStore(inner, [Fernet.generate_key()])
    await store.save(ONE, b"secret")
    assert await store.load(ONE) == b"secret"
    assert b"secret" not in await inner.load(ONE)


async def sql():
    from confluence_sync.adapters.sql import SQLDatabase

    async with SQLDatabase("sqlite:///product.db") as database:
        await sync(database.state)
        async with database.tokens.lock(ONE):
            await database.tokens.save(ONE, b"secret")
        assert await database.tokens.load(ONE) == b"secret"


async def langchain():
    from confluence_sync.integrations.langchain import ConfluenceFolderLoader

    await sync(MemoryStateStore())
    documents = [document async for document in ConfluenceFolderLoader("pages", max_chars=2000).alazy_load()]
    assert len(documents) > 56
    assert all(document.metadata["source"].startswith("http") for document in documents)


async def llamaindex():
    from confluence_sync.integrations.llamaindex import ConfluenceFolderReader

    await sync(MemoryStateStore())
    assert len(await ConfluenceFolderReader("pages").aload_data()) == 56
    assert all(node.metadata["url"] for node in await ConfluenceFolderReader("pages").aload_nodes())


def s3(url):
    urllib.request.urlopen(urllib.request.Request(f"{url}/wiki", method="PUT")).close()
    access = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    example("12_s3.py", "s3://wiki/pages", AWS_ENDPOINT_URL=url, **access)


def progress():
    example("03_live_progress.py")


def testing():
    example("03_live_progress.py")
    example("10_custom_vfs.py")
    subprocess.run([sys.executable, "-m", "pytest", "-q", EXAMPLES / "10_custom_vfs.py"], check=True)


if __name__ == "__main__":
    _, name, *arguments = sys.argv
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        shown = globals()[name](*arguments)
        if asyncio.iscoroutine(shown):
            asyncio.run(shown)
        os.chdir(EXAMPLES)  # Windows removes no folder in which somebody is
