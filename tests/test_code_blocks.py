"""Every code block of the README, the tutorial and the how-tos is run, as a reader would run it.

- `python`: a whole program (it calls `asyncio.run`) is run as a script; tests that stand under `<!-- runs: name -->`
  are run by `test_docs.py`; anything else is the middle of a program: the blocks of a page are run one after the
  other, in a world where the names that the page speaks of mean something.
- `sh`: the lines are run in an empty folder beside the examples, without what sets up an environment: this is one.

The site of the documentation, `https://your-site.atlassian.net`, is a fake one on this machine, and its database is a
PostgreSQL that the tests start.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import os
import re
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import httpx
import pytest
from servers import require_package

from confluence_sync import ConfluenceClient, ConfluenceSync, Outcome, SiteApiToken, SpaceMapping, SyncEngine
from confluence_sync.adapters import FsspecVFS, MemoryStateStore, MemoryTokenStore, MemoryVFS, SQLiteDatabase
from confluence_sync.models import WorkspaceId
from confluence_sync.oauth import OAuthApp
from confluence_sync.testing import FakeSite, ManualClock

ROOT = Path(__file__).parents[1]
DOCS = [page for kind in ("tutorial", "how-to") for page in sorted((ROOT / "docs" / kind).glob("*.md"))]
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[\w: ]+) -->\n)?^```(?P<language>\w+)\n(?P<code>.+?)^```$", re.DOTALL | re.MULTILINE
)
DATA = {"yaml"}
"""Languages of blocks that show something and are not run."""
SETUP = re.compile(r"^python3 -m venv \.venv && \.venv/bin/pip install [^&]*&& ")
SITE = "https://your-site.atlassian.net"
DATABASE = "postgresql://sync:password@db.example.com/product"
WORKSPACE = WorkspaceId("workspace-1")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="the commands are those of a POSIX shell")


@attrs.frozen
class Block:
    """A block of code, and the page and line where it stands."""

    page: str
    line: int
    mark: str
    language: str
    code: str

    @property
    def is_test(self) -> bool:
        """Whether `test_docs.py` runs it."""
        return self.mark.startswith("runs: ")

    @property
    def is_program(self) -> bool:
        return "asyncio.run(" in self.code

    @property
    def names(self) -> set[str]:
        return {node.id for node in ast.walk(ast.parse(self.code)) if isinstance(node, ast.Name)}


def read_blocks() -> Iterator[Block]:
    for page in [ROOT / "README.md", *DOCS]:
        text = page.read_text(encoding="utf-8")
        for found in BLOCK.finditer(text):
            line = text.count("\n", 0, found.start("code"))
            yield Block(page.stem, line, found["mark"] or "", found["language"], found["code"])


BLOCKS = list(read_blocks())
SCRIPTS = [block for block in BLOCKS if block.language == "sh" and block.mark != "tests"]
PYTHON = [block for block in BLOCKS if block.language == "python" and not block.is_test]
PROGRAMS = [block for block in PYTHON if block.is_program and DATABASE not in block.code]
WORKERS = [block for block in PYTHON if block.is_program and DATABASE in block.code]
FRAGMENTS: defaultdict[str, list[Block]] = defaultdict(list)
for fragment in PYTHON:
    if not fragment.is_program:
        FRAGMENTS[fragment.page].append(fragment)


def params(blocks: list[Block]) -> list[Any]:
    return [pytest.param(block, id=f"{block.page}-{block.line}") for block in blocks]


def test_every_block_has_a_way_to_be_run():
    """A block in another language needs a decision; a fence without one is a picture."""
    assert {block.language for block in BLOCKS} <= {"python", "sh"} | DATA
    assert [block.page for block in BLOCKS if block.mark == "tests"] == ["README"]  # whoever runs this test ran it


@pytest.fixture
def site() -> FakeSite:
    site = FakeSite()
    docs = site.space("DOCS", name="Documentation")
    for number in range(40):
        docs.page(f"Page {number}", parent=docs.homepage, storage="<p>Text.</p>")
    return site


def environment(**variables: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONFLUENCE_")}
    return {**inherited, "PYTHONWARNINGS": "error", "PYTHONIOENCODING": "utf-8", **variables}


def run(*command: str, cwd: Path) -> None:
    outcome = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("block", params(SCRIPTS))
@POSIX
def test_commands_succeed(site: FakeSite, tmp_path: Path, block: Block):
    """Whoever pastes the lines into a shell gets what they promise."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    with site.serve() as url:
        lines = SETUP.sub("", block.code).replace(SITE, url.removesuffix("/wiki"))
        run("sh", "-euc", lines.replace(".venv/bin/python", sys.executable), cwd=tmp_path)


@pytest.mark.parametrize("block", params(PROGRAMS))
def test_programs_succeed(site: FakeSite, tmp_path: Path, block: Block):
    """A program that is copied into a file does its work."""
    with site.serve() as url:
        run(sys.executable, "-c", block.code.replace(SITE, url.removesuffix("/wiki")), cwd=tmp_path)
    assert len(list(tmp_path.rglob("*.md"))) > 40


@pytest.fixture
async def world(site: FakeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Any]]:
    """The names that fragments use, in a host whose last run held back deletions."""
    monkeypatch.chdir(tmp_path)
    async with (
        site.serve() as url,
        ConfluenceClient(auth := SiteApiToken(url, "you@example.com", "token")) as client,
        SQLiteDatabase(tmp_path / "state.db") as database,
        ConfluenceSync(state=database.state, tokens=database.tokens, vfs=FsspecVFS.from_url("product")) as sync,
    ):
        vfs = FsspecVFS.from_url("confluence")
        engine = SyncEngine(client, vfs, database.state, sink=database.log)
        docs = await client.space_by_key("DOCS")
        mappings = [SpaceMapping(space_id=docs.id)]
        await sync.connect_with_api_token(WORKSPACE, auth)
        await sync.save_mappings(WORKSPACE, mappings)
        async with sync.sync_now(WORKSPACE) as live:
            await live.wait()
        await engine.sync(mappings)
        for page in [node for node in site.nodes if node.title.startswith("Page ")][:30]:
            page.trash()
        await engine.sync(mappings)
        yield {
            "engine": engine,
            "mappings": mappings,
            "database": database,
            "client": client,
            "vfs": vfs,
            "sync": sync,
            "workspace": WORKSPACE,
            "run_id": live.id,
            "serve": lambda: asyncio.sleep(0),
            "folder_of": lambda _: vfs,
            "has_feature": lambda _: True,
            "key": "0" * 43 + "=",
            "client_id": "client",
            "client_secret": "secret",
            "customer_id": "customer",
            "cloud_id": "cloud",
            "access_token": "token",
        }


@pytest.fixture
def embed_model() -> Any:
    """A model of LlamaIndex that needs no download."""
    require_package("llama_index.core", "llamaindex")
    from llama_index.core import MockEmbedding

    return MockEmbedding(embed_dim=8)


@pytest.fixture
def embeddings() -> Any:
    """A model of LangChain that needs no download."""
    require_package("langchain_core", "langchain")
    from langchain_core.embeddings import DeterministicFakeEmbedding

    return DeterministicFakeEmbedding(size=8)


@pytest.fixture
def host_engine(postgresql_url: str) -> Any:
    """The engine of a host that uses SQLAlchemy itself."""
    require_package("sqlalchemy", "sql")
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    return create_async_engine(postgresql_url.replace("://", "+asyncpg://"), poolclass=NullPool)


THINGS_OF_THE_HOST = {"embed_model", "embeddings", "host_engine"}
"""Names of fixtures; made for the pages that speak of them alone, since they need packages and servers."""


@pytest.mark.parametrize("block", params(WORKERS))
@POSIX
async def test_workers_share_the_work(site: FakeSite, tmp_path: Path, postgresql_url: str, block: Block):
    """Two processes run six connections that are due, each once, and end when they are told to."""
    sql, encrypted = (pytest.importorskip(f"confluence_sync.adapters.{name}") for name in ("sql", "encrypted"))
    key = "0" * 43 + "="
    workspaces = [WorkspaceId(f"workspace-{number}") for number in range(6)]
    with site.serve() as url:
        async with (
            sql.SQLDatabase(postgresql_url, schema="confluence_sync") as database,
            ConfluenceSync(
                state=database.state,
                tokens=encrypted.EncryptedTokenStore(database.tokens, [key]),
                log=database.log,
                vfs=MemoryVFS(),
                clock=ManualClock(start=datetime.now(UTC) - timedelta(hours=6)),
            ) as sync,
        ):
            for workspace in workspaces:
                await sync.connect_with_api_token(workspace, SiteApiToken(url, "you@example.com", "token"))
                [choice] = await sync.spaces(workspace)
                await sync.save_mappings(workspace, [SpaceMapping(space_id=choice.space.id)])
                await sync.set_schedule(workspace, every=3600)
            command = (sys.executable, "-c", block.code.replace(DATABASE, postgresql_url))
            workers = [
                await asyncio.create_subprocess_exec(*command, cwd=tmp_path, env=environment(TOKEN_KEY=key))
                for _ in range(2)
            ]
            try:
                while None in (ended := [await outcome(sync, workspace) for workspace in workspaces]):
                    assert [worker.returncode for worker in workers] == [None, None]
                    await asyncio.sleep(0.1)
            finally:
                for worker in workers:
                    worker.send_signal(signal.SIGTERM)
                codes = [await worker.wait() for worker in workers]
    assert (codes, ended) == ([0, 0], [Outcome.SUCCEEDED] * 6)
    assert [len(list(folder.rglob("*.md"))) for folder in (tmp_path / "files").iterdir()] == [41] * 6


async def outcome(sync: ConfluenceSync, workspace: WorkspaceId) -> Outcome | None:
    """Return how the only run of a workspace ended, None if it has not."""
    records = await sync.runs(workspace)
    assert len(records) < 2
    return records[0].outcome if records else None


async def run_page(page: str, world: dict[str, Any], request: pytest.FixtureRequest) -> None:
    """Run the fragments of a page, one after the other."""
    for block in FRAGMENTS[page]:
        for name in THINGS_OF_THE_HOST & block.names - world.keys():
            world[name] = request.getfixturevalue(name)
        code = block.code
        if DATABASE in code:
            code = code.replace(DATABASE, request.getfixturevalue("postgresql_url"))
        source = "\n" * block.line + code  # so that tracebacks have its line
        compiled = compile(source, f"{page}.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        with contextlib.redirect_stdout(io.StringIO()):
            result = eval(compiled, world)
            if inspect.iscoroutine(result):
                await result


@pytest.mark.parametrize("page", FRAGMENTS)
async def test_fragments_run(world: dict[str, Any], request: pytest.FixtureRequest, page: str):
    """The middle of a program does what the text around it says, and needs no name that is not there."""
    await run_page(page, world, request)


async def test_the_requests_of_the_oauth_page(world: dict[str, Any], request: pytest.FixtureRequest):
    """Its four handlers, in a framework that is hardly one, take a user from the button to a schedule."""
    await run_page("connect-over-oauth", world, request)
    given = world["app"]
    site = FakeSite()
    docs = site.space("DOCS")
    app = site.oauth.app(redirect_uris=[given.redirect_uri])
    app = OAuthApp(app.client_id, app.client_secret, given.redirect_uri)
    world |= {"redirect": lambda url: url, "page": lambda name, **values: SimpleNamespace(name=name, **values)}
    asked = {"workspace": WORKSPACE, "session_id": "session"}
    async with (
        httpx.AsyncClient(transport=site.transport()) as http,
        ConfluenceSync(
            state=MemoryStateStore(), tokens=MemoryTokenStore(), vfs=MemoryVFS(), app=app, http=http
        ) as sync,
    ):
        world["sync"] = sync
        declined = await world["callback"](SimpleNamespace(url=f"{given.redirect_uri}?error=access_denied", **asked))
        assert (declined.name, bool(declined.message)) == ("settings", True)
        url = await world["connect"](SimpleNamespace(**asked))
        sites = await world["callback"](SimpleNamespace(url=site.oauth.visit(url), **asked))
        spaces = await world["choose_site"](SimpleNamespace(form={"site": sites.sites[0].id}, **asked))
        assert [choice.space.key for choice in spaces.spaces] == ["DOCS"]
        form = SimpleNamespace(getlist=lambda _: [docs.id])
        assert await world["save"](SimpleNamespace(form=form, **asked)) == "/settings"
        assert [mapping.space_id for mapping in await sync.mappings(WORKSPACE)] == [docs.id]
        assert await sync.next_due() is not None
        again = site.oauth.visit(await sync.reauthorize(WORKSPACE, session="session"))
        assert await world["callback"](SimpleNamespace(url=again, **asked)) == "/settings"


EXTRAS = set(re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE))


def test_commands_in_the_text_install_what_there_is():
    """Each extra that the documentation names can be installed."""
    pages = [path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]]
    named = {
        extra
        for text in pages
        for found in re.findall(r"confluence-sync-engine\[([\w,]+)\]", text)
        for extra in found.split(",")
    }
    assert named
    assert named <= EXTRAS
