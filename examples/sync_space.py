"""Sync Confluence Cloud spaces into a folder of Markdown files.

    export CONFLUENCE_URL=https://your-site.atlassian.net/wiki
    export CONFLUENCE_EMAIL=you@example.com
    export CONFLUENCE_API_TOKEN=...
    python examples/sync_space.py --space DOCS --space OPS=operations --into ./confluence

Without --space, every space you may see is synced. A scoped API token works on the gateway: set CONFLUENCE_URL to
https://api.atlassian.com/ex/confluence/<cloud id>/wiki.

Progress goes to stderr, the plan, the events and the summary to stdout. Exit code: 0 succeeded, 1 partial, 2 failed or
misconfigured, 75 paused or another run is under way (try again later), 130 or 143 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from confluence_sync.adapters import FsspecVFS, SQLiteDatabase
from confluence_sync.adapters.logging import describe
from confluence_sync.client import Authentication, ConfluenceClient, GatewayApiToken, SiteApiToken
from confluence_sync.documents import dump_event
from confluence_sync.engine import EngineOptions, SyncEngine
from confluence_sync.errors import AuthenticationError, ConfigurationError, ConfluenceSyncError, RunInProgressError
from confluence_sync.events import AnyEvent, PagesListed, PageWritten, RunFinished, SpacePlanned
from confluence_sync.models import Outcome, RunMode, SpaceMapping

EXIT_CODES = {
    Outcome.SUCCEEDED: 0,
    Outcome.PARTIAL: 1,
    Outcome.FAILED: 2,
    Outcome.PAUSED: 75,
    Outcome.CANCELLED: 130,
}
STATE = ".confluence-sync.db"
GATEWAY = re.compile(r"(?P<gateway>https?://[^/]+)/ex/confluence/(?P<cloud_id>[^/]+)(/wiki)?/?")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit code."""
    options = parse(arguments)
    try:
        code = asyncio.run(sync(options, credentials(os.environ)))
        sys.stdout.flush()
    except RunInProgressError as error:
        return complain(error, code=75)
    except AuthenticationError as error:
        return complain(f"{error}; check CONFLUENCE_EMAIL and CONFLUENCE_API_TOKEN", code=2)
    except (ConfluenceSyncError, OSError) as error:
        return complain(error, code=2)
    except KeyboardInterrupt:
        return complain("interrupted; the next run goes on from here", code=130)
    except asyncio.CancelledError:
        return complain("terminated; the next run goes on from here", code=143)
    return code


def complain(error: object, *, code: int) -> int:
    """Say in one line what is wrong; whoever read our output may have gone."""
    if isinstance(error, BrokenPipeError) or sys.stdout.closed:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    print(f"error: {error}", file=sys.stderr)
    return code


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--space", action="append", default=[], metavar="KEY[=FOLDER]", help="repeatable; default: all")
    parser.add_argument("--into", default="confluence", metavar="DIR", help="folder or fsspec URL (%(default)s)")
    parser.add_argument("--state", metavar="FILE", help=f"SQLite file (default: {STATE} in DIR; here if DIR is remote)")
    parser.add_argument("--mode", type=RunMode, choices=list(RunMode), default=RunMode.FULL, help="%(choices)s")
    parser.add_argument("--dry-run", action="store_true", help="print the plan and change nothing")
    parser.add_argument("--confirm", metavar="TOKEN", help="let the deletions go that an earlier run held back")
    parser.add_argument("--json", action="store_true", help="print one event per line as JSON")
    parser.add_argument(
        "--lease",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="a killed run holds up the next so long (%(default)s)",
    )
    options = parser.parse_args(arguments)
    if not options.lease >= 1:
        parser.error("--lease needs one second or more")
    if not options.into:
        parser.error("--into needs a folder; for this one say --into .")
    if options.dry_run and options.confirm:
        parser.error("--dry-run changes nothing, so it confirms nothing")
    if options.dry_run and (options.json or options.mode is RunMode.INCREMENTAL):
        parser.error("--dry-run shows the plan of a full run or a rebuild, as text")
    return options


def state_file(options: argparse.Namespace) -> Path:
    """
    Return where to remember what was written: with the files, so that whoever syncs into a folder knows what is in it.

    Raises:
        ConfigurationError: The folder cannot be used.
    """
    if options.state:
        return Path(options.state)
    if "://" in options.into or "::" in options.into:
        return Path(STATE)
    folder = Path(options.into).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"cannot sync into {options.into}: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise ConfigurationError(f"cannot sync into {options.into}: it is not writable")
    return folder / STATE


def credentials(environment: Mapping[str, str]) -> Authentication:
    """
    Take the site and the API token from the environment.

    Raises:
        ConfigurationError: Something is missing.
    """
    names = ("CONFLUENCE_URL", "CONFLUENCE_EMAIL", "CONFLUENCE_API_TOKEN")
    if missing := [name for name in names if not environment.get(name)]:
        raise ConfigurationError(f"set the environment variable {' and '.join(missing)}; see --help")
    url, email, token = (environment[name] for name in names)
    if match := GATEWAY.fullmatch(url):
        return GatewayApiToken(match["cloud_id"], email, token, gateway_url=match["gateway"])
    return SiteApiToken(url, email, token)


async def sync(options: argparse.Namespace, auth: Authentication) -> int:
    """Sync or plan as the options say."""
    task = asyncio.current_task()
    if task is not None and sys.platform != "win32":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with ConfluenceClient(auth) as client, SQLiteDatabase(state_file(options)) as database:
        vfs = FsspecVFS.from_url(options.into)
        engine = SyncEngine(
            client,
            vfs,
            database.state,
            sink=database.log,
            connection_id=connection_id(auth),
            options=EngineOptions(lease=options.lease),
        )
        await client.current_user()
        mappings = await find_mappings(client, options.space)
        if options.confirm:
            await confirm_deletions(engine, options.confirm)
        if options.dry_run:
            preview = await engine.preview(mappings, rebuild=options.mode is RunMode.REBUILD)
            print(preview)
            return EXIT_CODES[Outcome.PARTIAL] if preview.problems else 0
        show = show_json if options.json else Progress()
        async with engine.run(mappings, mode=options.mode) as run:
            async for event in run:
                show(event)
    report = run.report
    if report.outcome is Outcome.FAILED and report.message:
        print(f"error: syncing into {options.into} failed: {report.message}", file=sys.stderr)
    elif not options.json:
        print(report.summary())
    return EXIT_CODES[report.outcome or Outcome.FAILED]


async def confirm_deletions(engine: SyncEngine, token: str) -> None:
    """
    Confirm what an earlier run held back, as its summary says.

    Raises:
        ConfigurationError: Nothing is held back under the token.
    """
    spaces = [held.space_id for held in await engine.held_deletions() if held.token == token]
    if not spaces:
        raise ConfigurationError(f"no deletions are held back under {token}; a later run may have found others")
    for space_id in spaces:
        await engine.confirm_deletions(space_id, token)


def connection_id(auth: Authentication) -> str:
    """Name the connection after the site, so that one state file serves several."""
    url = httpx.URL(auth.api_url)
    return f"{url.netloc.decode()}{url.path}"


async def find_mappings(client: ConfluenceClient, arguments: Sequence[str]) -> list[SpaceMapping]:
    """Turn KEY[=FOLDER] into mappings; no argument means every space."""
    if not arguments:
        return [SpaceMapping(space_id=space.id) async for batch in client.space_batches() for space in batch.items]
    mappings = []
    for argument in arguments:
        key, _, folder = argument.partition("=")
        space = await client.space_by_key(key)
        mappings.append(SpaceMapping(space_id=space.id, folder=folder.rstrip("/")))
    return mappings


def show_json(event: AnyEvent) -> None:
    """Print an event as one line of JSON."""
    print(json.dumps(dump_event(event), ensure_ascii=False), flush=True)


class Progress:
    """Prints what happens: on a terminal a line that counts, elsewhere only what matters."""

    def __init__(self) -> None:
        self.total = self.written = 0
        self.live = sys.stderr.isatty()

    def __call__(self, event: AnyEvent) -> None:
        """Take one event in."""
        match event:
            case PagesListed():
                self.count(f"{event.space_key}: {event.pages} pages listed")
            case PageWritten():
                self.written += 1
                self.count(f"{self.written} of {self.total} files written")
            case RunFinished():
                self.clear()
            case _:
                if isinstance(event, SpacePlanned):
                    self.total += event.writes
                self.clear()
                print(describe(event), file=sys.stderr)

    def count(self, text: str) -> None:
        """Show a line that the next one replaces."""
        if self.live:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Remove the counting line."""
        if self.live:
            print("\r\x1b[K", end="", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
