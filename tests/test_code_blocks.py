"""Every code block of the README, the tutorial and the how-tos is run, as a reader would run it.

- `python`: a whole program (it calls `asyncio.run`) is run as a script; tests that stand under `<!-- runs: name -->`
  are run by `test_docs.py`; anything else is the middle of a program, run in a world where its names mean something.
- `sh`: the lines are run in an empty folder beside the examples, without what sets up an environment: this is one.

The site of the documentation, `https://your-site.atlassian.net`, is a fake one on this machine.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import confluence_sync
from confluence_sync import ConfluenceClient, SiteApiToken, SpaceMapping, SyncEngine
from confluence_sync.adapters import FsspecVFS, SQLiteDatabase
from confluence_sync.testing import FakeSite

ROOT = Path(__file__).parents[1]
DOCS = [page for kind in ("tutorial", "how-to") for page in sorted((ROOT / "docs" / kind).glob("*.md"))]
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[\w: ]+) -->\n)?^```(?P<language>\w+)\n(?P<code>.+?)^```$", re.DOTALL | re.MULTILINE
)
DATA = {"yaml"}
"""Languages of blocks that show something and are not run."""
SETUP = re.compile(r"^python3 -m venv \.venv && \.venv/bin/pip install [^&]*&& ")
SITE = "https://your-site.atlassian.net"


def blocks() -> Iterator[Any]:
    for page in [ROOT / "README.md", *DOCS]:
        text = page.read_text(encoding="utf-8")
        for found in BLOCK.finditer(text):
            line = text.count("\n", 0, found.start("code"))
            if found["mark"] != "tests" and not (found["mark"] or "").startswith("runs: "):
                yield pytest.param(found["language"], found["code"], id=f"{page.stem}-{line}")


BLOCKS = list(blocks())


def of(*languages: str) -> list[Any]:
    return [block for block in BLOCKS if block.values[0] in languages]


@pytest.fixture
def site() -> FakeSite:
    site = FakeSite()
    docs = site.space("DOCS", name="Documentation")
    for number in range(40):
        docs.page(f"Page {number}", parent=docs.homepage, storage="<p>Text.</p>")
    return site


def environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONFLUENCE_")}
    return {**inherited, "PYTHONWARNINGS": "error", "PYTHONIOENCODING": "utf-8"}


def run(*command: str, cwd: Path) -> None:
    outcome = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def is_program(code: str) -> bool:
    return "asyncio.run(" in code


def test_every_block_has_a_way_to_be_run():
    """A block in another language needs a decision."""
    assert {block.values[0] for block in BLOCKS} <= {"python", "sh"} | DATA


@pytest.mark.parametrize(("language", "code"), of("sh"))
@pytest.mark.skipif(sys.platform == "win32", reason="the commands are those of a POSIX shell")
def test_commands_succeed(site: FakeSite, tmp_path: Path, language: str, code: str):
    """Whoever pastes the lines into a shell gets what they promise."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    with site.serve() as url:
        lines = SETUP.sub("", code).replace(SITE, url.removesuffix("/wiki")).replace(".venv/bin/python", sys.executable)
        run("sh", "-euc", lines, cwd=tmp_path)


@pytest.mark.parametrize(("language", "code"), [block for block in of("python") if is_program(block.values[1])])
def test_programs_succeed(site: FakeSite, tmp_path: Path, language: str, code: str):
    """A program that is copied into a file does its work."""
    with site.serve() as url:
        run(sys.executable, "-c", code.replace(SITE, url.removesuffix("/wiki")), cwd=tmp_path)
    assert len(list(tmp_path.rglob("*.md"))) > 40


@pytest.fixture
async def world(site: FakeSite, tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """The names that fragments use, in a host whose last run held back deletions."""
    async with (
        site.serve() as url,
        ConfluenceClient(SiteApiToken(url, "you@example.com", "token")) as client,
        SQLiteDatabase(tmp_path / "state.db") as database,
    ):
        engine = SyncEngine(client, FsspecVFS.from_url(tmp_path / "pages"), database.state, sink=database.log)
        docs = await client.space_by_key("DOCS")
        mappings = [SpaceMapping(space_id=docs.id)]
        await engine.sync(mappings)
        for page in [node for node in site.nodes if node.title.startswith("Page ")][:30]:
            page.trash()
        await engine.sync(mappings)
        yield {
            **vars(confluence_sync),
            "confluence_sync": confluence_sync,
            "engine": engine,
            "mappings": mappings,
            "database": database,
            "client_id": "client",
            "customer_id": "customer",
            "cloud_id": "cloud",
            "access_token": "token",
        }


@pytest.mark.parametrize(("language", "code"), [block for block in of("python") if not is_program(block.values[1])])
async def test_fragments_run(world: dict[str, Any], language: str, code: str):
    """The middle of a program does what the text around it says, and needs no name that is not there."""
    compiled = compile(code, "fragment", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with contextlib.redirect_stdout(io.StringIO()):
        result = eval(compiled, world)
        if inspect.iscoroutine(result):
            await result
