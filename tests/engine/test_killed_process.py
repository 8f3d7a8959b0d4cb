"""
A real process that is killed at random moments, over and over, while the site changes: nothing is lost or half-written.

200 times with CONFLUENCE_SYNC_LONG=1, see CONTRIBUTING; it takes some minutes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from random import Random

import pytest
from site_story import KINDS, MAPPED, TITLES, Change, SiteStory, link
from synced_files import front_matter, led_to

from confluence_sync.testing import FakeSite

LONG = bool(os.environ.get("CONFLUENCE_SYNC_LONG"))
HISTORIES, KILLS = 4, 50
SCRIPT = Path(__file__).parents[2] / "examples" / "sync_space.py"
LEASE = 1
PATIENCE = 300
"""Seconds in which a run ends on any machine; it takes one or two."""
STATE = ".confluence-sync.db"
QUIET = [kind for kind in KINDS if kind not in {"hide space", "live doc"}]


class Tool:
    """The example script, syncing a site into a folder, each time in a process of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONFLUENCE_")}
        self._environment = {
            **inherited,
            "CONFLUENCE_URL": f"{url}/wiki",
            "CONFLUENCE_EMAIL": "reader@example.com",
            "CONFLUENCE_API_TOKEN": "a-secret-token",
            "PYTHONWARNINGS": "error",
        }

    async def run(self, *options: str, kill_at: int | None = None, delay: float = 0.0) -> tuple[int, list[dict]]:
        """
        Run the script, killing it some seconds after its n-th event.

        However this ends, the process does: one that outlived its test would keep the site's connections open.

        Returns:
            Its exit code and its events.
        """
        spaces = [argument for key in MAPPED for argument in ("--space", key)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(SCRIPT), *spaces, "--into", str(self.folder), "--json"),
            *("--lease", str(LEASE), *options),
            env=self._environment,
            stdout=PIPE,
            stderr=DEVNULL,
        )
        events = []
        try:
            async with asyncio.timeout(PATIENCE):
                while (line := await process.stdout.readline()).endswith(
                    b"\n"
                ):  # a killed process may leave half a line
                    events.append(json.loads(line))
                    if len(events) == kill_at:
                        await asyncio.sleep(delay)
                        _kill(process)
                return await process.wait(), events
        finally:
            _kill(process)
            await process.communicate()

    def files(self) -> dict[str, bytes]:
        """Return whatever is in the folder, but for the tool's own memory."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and not path.name.startswith(STATE)
        }


class Killing:
    """One history of a site whose syncing process is killed again and again."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = Random(seed)
        self.site = FakeSite()
        self.story = SiteStory(self.site)
        self.folder = folder
        self.kills = self.rounds = 0
        self.usual = 30

    def change(self, times: int, kinds: list[str]) -> None:
        for _ in range(times):
            body = "".join(link(self.random.choice(TITLES)) for _ in range(3)) + "<p>Words.</p>" * self.random.randint(
                1, 400
            )
            which, other = self.random.randrange(80), self.random.randrange(80)
            self.story.make(Change(self.random.choice(kinds), which, other, self.random.choice(TITLES), body))

    async def go_on(self, kills: int) -> None:
        """Kill so many runs; after one or a few, let one end, and look."""
        self.change(50, ["page", "page", "container"])
        async with self.site.serve(latency=0.002) as url:
            tool = Tool(url, self.folder)
            while self.kills < kills:
                for _ in range(self.random.randint(1, 3)):
                    await self.kill_one(tool)
                await self.complete(tool)
            clean = Tool(url, self.folder.with_name(f"{self.folder.name} clean"))
            assert (await clean.run())[0] == 0
            assert tool.files() == clean.files()

    async def kill_one(self, tool: Tool) -> None:
        before, had = self.story.synced(), pages(tool.files())
        self.change(self.random.randint(0, 8), QUIET)
        mode = self.random.choice(["full", "incremental", "rebuild"])
        moment = self.random.randint(1, self.usual)
        code, _ = await tool.run("--mode", mode, kill_at=moment, delay=self.random.uniform(0, 0.03))
        self.kills += code == -signal.SIGKILL
        files = tool.files()
        for path, data in files.items():
            if path.endswith(".md"):
                assert data.endswith(b"\n"), path
                assert front_matter(data)["page_id"], path
        assert had & before & self.story.synced() <= pages(files)
        await asyncio.sleep(LEASE)

    async def complete(self, tool: Tool) -> None:
        code, events = await tool.run()
        self.rounds, self.usual = self.rounds + 1, max(len(events), 10)
        while held := [event["token"] for event in events if event["event"] == "DeletionsHeld"]:
            code, events = await tool.run("--confirm", held[0])
        assert code == 0, (self.rounds, self.kills)
        expected, files = self.story.expected(), tool.files()
        assert {path: front_matter(data)["page_id"] for path, data in files.items()} == {
            page.path: page.page_id for page in expected.values()
        }
        for path, data in files.items():
            front = front_matter(data)
            page = expected[front["page_id"]]
            assert (front["title"], front["version"], front["space"]) == (page.title, page.version, page.space)
            assert tuple(led_to(path, data)) == page.links, path


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()


def pages(files: dict[str, bytes]) -> set[str]:
    return {front_matter(data)["page_id"] for path, data in files.items() if path.endswith(".md")}


@pytest.mark.slow
@pytest.mark.skipif(not LONG, reason="kills processes for minutes: nox -s long")
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
async def test_process_that_is_killed_at_any_moment(tmp_path):
    """Each completed run leads to the folder that the oracle expects, and the last one to a clean first run's bytes."""
    histories = [Killing(seed, tmp_path / str(seed)) for seed in range(HISTORIES)]
    async with asyncio.TaskGroup() as group:  # if one goes wrong the others end, too
        for history in histories:
            group.create_task(history.go_on(KILLS))
    print(sum(history.kills for history in histories), "kills,", sum(it.rounds for it in histories), "runs completed")  # noqa: T201 - with -s, the figures
