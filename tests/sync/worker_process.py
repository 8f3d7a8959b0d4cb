"""The other process of a story: a worker over the same database. Takes commands as JSON lines, answers in kind."""

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path

from confluence_sync.adapters import FsspecVFS, SQLiteDatabase
from confluence_sync.clock import SystemClock
from confluence_sync.oauth import OAuthApp
from confluence_sync.sync import ConfluenceSync


class ClockAhead(SystemClock):
    """The time of some hours from now, so that something is due."""

    def __init__(self) -> None:
        self.hours = 0.0

    def now(self):
        return super().now() + timedelta(hours=self.hours)


def facade(database, folder, app, **options):
    """What both processes hold."""
    folder = Path(folder)
    return ConfluenceSync(
        state=database.state,
        tokens=database.tokens,
        log=database.log,
        vfs=lambda connection: FsspecVFS.from_url(str(folder / connection.workspace)),
        app=OAuthApp(**app),
        **options,
    )


async def obey(sync, clock, command):
    match command["do"]:
        case "callback":
            clock.hours = 0
            consent = await sync.finish_authorization(command["query"], session=command["session"])
            return [site.id for site in consent.sites]
        case "run what is due":
            clock.hours = command["hours"]
            reports = [await sync.run_due(workspace) for workspace, _ in await sync.due()]
            return [{"outcome": report.outcome, "message": report.message} for report in reports]
        case "runs":
            return [record.run_id for record in await sync.runs(command["workspace"])]
        case "read in a hurry":
            async with asyncio.TaskGroup() as group:
                for _ in range(10):
                    group.create_task(read_for(sync, command["workspace"], command["seconds"]))
            return "done"
    raise ValueError(command)


async def read_for(sync, workspace, seconds):
    """Ask for something all the time."""
    now = asyncio.get_running_loop().time
    end = now() + seconds
    while now() < end:
        await sync.sites(workspace)


async def main(database, folder, app):
    clock = ClockAhead()
    async with SQLiteDatabase(database) as opened, facade(opened, folder, app, clock=clock) as sync:
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await obey(sync, clock, json.loads(line))), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
