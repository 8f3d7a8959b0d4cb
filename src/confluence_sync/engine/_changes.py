"""Step one of an incremental run: what changed since the watermark, for all spaces at once.

One search with a window relative to the server's clock, so that no time zone is involved. Search has an index that
lags and scopes of its own; where it is refused, each space's pages are listed by date of change instead. Either way
only pages that are newer than the tree are fetched, and nothing is ever concluded from what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil

import attrs

from ..client import cql_quote
from ..errors import (
    ClientError,
    ContentTooLargeError,
    MissingScopeError,
    PermissionDeniedError,
    UnexpectedResponseError,
)
from ..events import RunWarned, SpaceListed
from ..models import Page, PageId, SpaceId
from ._bodies import fetch_bodies
from ._containers import read_containers
from ._context import RunContext
from ._listing import people_of
from ._records import SpaceRecord

__all__ = ["can_list_changes", "list_changes"]

_FETCH = 100


def can_list_changes(record: SpaceRecord | None) -> bool:
    """Whether there is a tree to which changes can be added."""
    return record is not None and record.generation > 0 and record.watermark is not None and record.walk is None


async def list_changes(run: RunContext, records: Sequence[SpaceRecord]) -> bool:
    """Bring the trees of some spaces up to date with what changed, spooling the bodies. Always True: one step does."""
    now = run.client.server_time or run.clock.now()
    since = min(record.watermark for record in records if record.watermark is not None)
    since -= timedelta(seconds=run.options.overlap)
    try:
        versions = await _search(run, records, minutes=ceil((now - since).total_seconds() / 60))
    except (MissingScopeError, PermissionDeniedError, UnexpectedResponseError, ContentTooLargeError) as error:
        await run.events.emit(RunWarned, message=f"search is not available, pages are listed by date instead ({error})")
        versions = await _list_by_date(run, records, since)
    changed, failed = await _fetch(run, records, await _newer(run, records, versions))
    for record in records:
        await _add(run, record, changed[record.space.id], watermark=record.watermark if failed else now)
    for page_id, reason in failed.items():
        run.state.troubled = True
        await run.events.emit(RunWarned, message=f"page {page_id} changed but could not be fetched: {reason}")
    return True


async def _search(run: RunContext, records: Sequence[SpaceRecord], *, minutes: int) -> dict[PageId, int | None]:
    keys = ",".join(cql_quote(record.space.key) for record in records)
    cql = f'space in ({keys}) and type = page and lastmodified >= now("-{minutes}m") order by lastmodified asc'
    return {
        PageId(hit.id): hit.version
        async for batch in run.client.search_batches(cql)
        for hit in batch.items
        if hit.status == "current"
    }


async def _list_by_date(run: RunContext, records: Sequence[SpaceRecord], since: datetime) -> dict[PageId, int | None]:
    versions: dict[PageId, int | None] = {}
    for record in records:
        async for batch in run.client.modified_batches(record.space.id):
            recent = [page for page in batch.items if page.updated_at is None or page.updated_at >= since]
            versions.update((page.id, page.version) for page in recent)
            if len(recent) < len(batch.items):
                break
    return versions


async def _newer(run: RunContext, records: Sequence[SpaceRecord], versions: dict[PageId, int | None]) -> list[PageId]:
    """Return the pages that the trees do not have in the version that was found."""
    known: dict[PageId, int] = {}
    for record in records:
        pages = await run.memory.pages(record, list(versions))
        known.update((page.id, page.version) for page in pages.values())
    return [page_id for page_id, version in versions.items() if version is None or known.get(page_id) != version]


async def _fetch(
    run: RunContext, records: Sequence[SpaceRecord], page_ids: Sequence[PageId]
) -> tuple[dict[SpaceId, list[Page]], dict[PageId, ClientError]]:
    """Put pages into the trees and their bodies into the spool; return the pages, and why others did not come."""
    generations = {record.space.id: record.generation for record in records}
    changed: dict[SpaceId, list[Page]] = {space_id: [] for space_id in generations}
    failed: dict[PageId, ClientError] = {}
    for start in range(0, len(page_ids), _FETCH):
        fetched = await fetch_bodies(run.client, page_ids[start : start + _FETCH])
        bodies = [body for body in fetched.found.values() if body.page.space_id in generations]
        for body in bodies:
            changed[body.page.space_id].append(body.page)
        await run.memory.apply(
            *(run.memory.put_page(body.page, generations[body.page.space_id]) for body in bodies),
            *(run.memory.put_body(body) for body in bodies),
        )
        await run.people.learn({account for body in bodies for account in people_of(body)})
        failed |= fetched.failed
    return changed, failed


async def _add(run: RunContext, record: SpaceRecord, pages: Sequence[Page], *, watermark: datetime | None) -> None:
    """Complete a tree to which pages were added."""
    record = attrs.evolve(record, complete=False, watermark=watermark, spooled=True)
    tree = await run.memory.tree(record)
    parents = await read_containers(run.client, tree, pages)
    for content_id, error in parents.failed.items():
        run.state.troubled = True
        message = f"space {record.space.key}: the parent {content_id} could not be read ({error})"
        await run.events.emit(RunWarned, message=message)
    await run.memory.apply(
        *(run.memory.put_container(container, record.space.id, record.generation) for container in parents.found),
        run.memory.put_space(record),
    )
    await run.events.emit(
        SpaceListed,
        space_id=record.space.id,
        space_key=record.space.key,
        space_name=record.space.name,
        pages=len(tree.pages),
        complete=False,
    )
