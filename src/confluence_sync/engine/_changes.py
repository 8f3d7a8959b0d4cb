"""Step one of an incremental run: what changed since the watermark, for all spaces at once.

Only pages that are newer than the tree are fetched, and nothing is ever concluded from what is missing. A page that
cannot be fetched fails alone: it is remembered, and asked for again by every run until it comes or a full listing
takes over. So the watermark moves on for all, and what a run costs does not grow with the age of a failure.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import attrs

from ..errors import ClientError, RemoteNotFoundError
from ..events import RunWarned, SpaceListed
from ..models import PageBody, PageId, SpaceId, Trigger
from ..protocols import Change
from ._containers import read_containers
from ._context import RunContext
from ._failures import fail_page, fail_space
from ._listing import people_of
from ._records import ChangedPage, SpaceRecord
from ._sources import Changes, find_changes, known_versions

__all__ = ["can_list_changes", "list_changes"]

logger = logging.getLogger("confluence_sync.engine")

_FETCH = 100


class Completed(NamedTuple):
    """What is left to be saved and told of a space."""

    record: SpaceRecord
    changes: Sequence[Change]


def can_list_changes(run: RunContext, record: SpaceRecord) -> bool:
    """Whether there is a tree to which changes can be added, and no need to look at all of it again."""
    if record.generation == 0 or record.watermark is None or record.walk is not None:
        return False
    return not _is_ahead_of_time(run, record.watermark) and not _has_to_be_reconciled(run, record)


def _is_ahead_of_time(run: RunContext, watermark: datetime) -> bool:
    """Whether the server's clock was put back, so that what changed since cannot be told by its time."""
    return (watermark - run.server_now()).total_seconds() > run.options.overlap


def _has_to_be_reconciled(run: RunContext, record: SpaceRecord) -> bool:
    longest = run.options.reconcile_after
    if run.state.trigger is not Trigger.SCHEDULED or longest is None:
        return False
    return record.reconciled_at is None or (run.server_now() - record.reconciled_at).total_seconds() >= longest


async def list_changes(run: RunContext, records: Sequence[SpaceRecord]) -> bool:
    """
    Bring the trees of some spaces up to date with what changed, spooling the bodies; True once that is done.

    A space that cannot be looked at fails alone. Pages are wanted until everything is known of them, and the watermarks
    move in the transaction in which they are not any more; a run that dies on the way leaves all of that to the next
    one.
    """
    await _look(run, [record for record in records if record.space.id not in run.state.looked_until])
    records = [record for record in records if record.space.id in run.state.looked_until]
    newer = await _newer(run, records, await _wanted(run, records))
    left = [page for page in newer.values() if page.page_id not in run.state.failed_pages]
    if left:
        await _fetch(run, records, left)
    if len(left) > run.options.step_writes:
        return False
    await _complete(run, records)
    return True


async def _look(run: RunContext, records: Sequence[SpaceRecord]) -> None:
    """Find out which pages of some spaces changed, and want those that are not wanted in that version already."""
    if not records:
        return
    found = await find_changes(run, records)
    for space_id, error in found.failed.items():
        await fail_space(run, space_id, error)
    records = [record for record in records if record.space.id not in found.failed]
    wanted = await _wanted(run, records)
    changes = Changes()
    changes.add(wanted.values())
    changes.add(found.pages.values())
    newer = await _newer(run, records, changes.pages)
    await run.memory.apply(
        *(run.memory.want_page(page) for page in newer.values() if page is not wanted.get(page.page_id))
    )
    for record in records:
        run.state.looked_until[record.space.id] = found.as_of or record.watermark or run.server_now()


async def _wanted(run: RunContext, records: Sequence[SpaceRecord]) -> dict[PageId, ChangedPage]:
    return {page.page_id: page for record in records for page in await run.memory.wanted_pages(record.space.id)}


async def _newer(
    run: RunContext, records: Sequence[SpaceRecord], pages: Mapping[PageId, ChangedPage]
) -> dict[PageId, ChangedPage]:
    """Return the pages that the trees do not have in the version that was found."""
    known = await known_versions(run, records, pages)
    return {
        page_id: page for page_id, page in pages.items() if page.version is None or page.version > known.get(page_id, 0)
    }


async def _fetch(run: RunContext, records: Sequence[SpaceRecord], pages: Sequence[ChangedPage]) -> None:
    """Put some pages into the trees and their bodies into the spool."""
    generations = {record.space.id: record.generation for record in records}
    for part in _parts(pages, run.options.step_writes):
        bodies = await run.fetcher.fetch([page.page_id for page in part])
        await _keep(run, generations, bodies.found.values())
        for page in part:
            error = bodies.failed.get(page.page_id)
            if error is not None and not isinstance(error, RemoteNotFoundError):
                await _fail(run, page, error)
            elif error is not None or bodies.found[page.page_id].page.space_id != page.space_id:
                logger.debug("page %s changed, and is gone or hidden by now", page.page_id)  # a full listing shows it
                await run.memory.apply(run.memory.forget_wanted_page(page))


def _parts(pages: Sequence[ChangedPage], most: int) -> Iterator[Sequence[ChangedPage]]:
    """Yield so many pages in portions; those that failed in an earlier run come last, and make no trouble to others."""
    first = sorted(pages, key=lambda page: page.failed)[:most]
    for group in ([page for page in first if not page.failed], [page for page in first if page.failed]):
        for start in range(0, len(group), _FETCH):
            yield group[start : start + _FETCH]


async def _keep(run: RunContext, generations: Mapping[SpaceId, int], bodies: Collection[PageBody]) -> None:
    ours = [body for body in bodies if body.page.space_id in generations]
    await run.memory.apply(
        *(run.memory.put_page(body.page, generations[body.page.space_id]) for body in ours),
        *(run.memory.put_body(body) for body in ours),
        *(run.memory.want_page(ChangedPage.of(body.page)) for body in ours),
        *([run.memory.forget_applied_plan()] if ours else []),
    )
    await run.people.learn({account for body in ours for account in people_of(body)})


async def _complete(run: RunContext, records: Sequence[SpaceRecord]) -> None:
    """Make the trees whole again, and forget what was wanted but what failed; then tell."""
    wanted = await _wanted(run, records)
    known = await known_versions(run, records, wanted)
    failed = [attrs.evolve(page, failed=True) for page in wanted.values() if page.page_id in run.state.failed_pages]
    come = [page for page in wanted.values() if page.page_id not in run.state.failed_pages]
    completed = [
        await _complete_tree(run, record, [page.page_id for page in come if page.space_id == record.space.id])
        for record in records
    ]
    await run.memory.apply(
        *(run.memory.clear_wanted_pages(record.space.id) for record in records),
        *(run.memory.want_page(page) for page in failed),
        *(change for space in completed for change in space.changes),
    )
    for space in completed:
        await _tell(run, space, [page for page in failed if page.page_id not in known])


async def _complete_tree(run: RunContext, record: SpaceRecord, page_ids: Collection[PageId]) -> Completed:
    """Read the parents that a tree lacks because of some pages; where that fails the pages stay wanted."""
    record = attrs.evolve(record, watermark=run.state.looked_until[record.space.id])
    if not page_ids:
        return Completed(record, [run.memory.put_space(record)])
    tree = await run.memory.tree(record)
    changed = [tree.pages[page_id] for page_id in sorted(page_ids) if page_id in tree.pages]
    parents = await read_containers(run.client, tree, changed)
    for content_id, error in parents.failed.items():
        run.state.troubled = True
        message = f"space {record.space.key}: the parent {content_id} could not be read ({error})"
        await run.events.emit(RunWarned, message=message)
    record = attrs.evolve(record, pages=len(tree.pages), spooled=True)
    changes = [
        *(run.memory.put_container(container, record.space.id, record.generation) for container in parents.found),
        *(run.memory.want_page(ChangedPage.of(page)) for page in changed if parents.failed),
        run.memory.put_space(record),
    ]
    return Completed(record, changes)


async def _tell(run: RunContext, completed: Completed, unknown: Sequence[ChangedPage]) -> None:
    """Tell that a space is listed, together with the pages that are not in its tree because they did not come."""
    space = completed.record.space
    await run.events.emit(
        SpaceListed,
        space_id=space.id,
        space_key=space.key,
        space_name=space.name,
        pages=completed.record.pages + sum(page.space_id == space.id for page in unknown),
        complete=False,
    )


async def _fail(run: RunContext, page: ChangedPage, error: ClientError) -> None:
    entry = (await run.memory.entries(page.space_id, [page.page_id])).get(page.page_id)
    await fail_page(run, page, entry.path if entry is not None else "", error)
