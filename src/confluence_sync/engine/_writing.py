"""Step three: move files, then write files; what was done is recorded before anything is told."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

import attrs

from ..errors import ConfluenceSyncError, DocumentNotFoundError, StorageError
from ..events import PageFailed, PageMoved, PageWritten
from ..models import PageId, SpaceId
from ..planner import Claim, ManifestEntry, MovePage, Plan, WritePage
from ..protocols import Change
from ._bodies import Bodies, load_bodies
from ._context import RunContext
from ._documents import PageFile, render_page
from ._edits import keep_local_edit
from ._listing import people_of

__all__ = ["move_files", "write_files"]

logger = logging.getLogger("confluence_sync.engine")

_CHUNK = 50
"""Pages fetched and recorded together: what a killed run repeats at most."""


async def move_files(run: RunContext, space_id: SpaceId, plan: Plan) -> None:
    """
    Make all moves of a plan, one after the other, each recorded at once.

    Raises:
        StorageError: A move failed. The others rely on the place it should have left, so they wait for the next run.
    """
    written = {write.page_id for write in plan.writes}
    sources: dict[PageId, str] = {}
    for move in plan.moves:
        sources.setdefault(move.page_id, move.source)
        moved = await _move(run, space_id, move)
        if move.page_id in written or plan.layout.paths.get(move.page_id) != move.target:
            continue  # it is parked, or gone, or its event comes when it is written
        page = plan.layout.snapshot.pages[move.page_id]
        if moved:
            facts = {"path": move.target, "previous_path": sources[page.id]}
            await run.events.emit(PageMoved, space_id=space_id, page_id=page.id, title=page.title, **facts)
        else:
            message = f"{move.source} vanished before it could be moved; the next run writes the page again"
            await _fail(run, plan, page.id, move.target, StorageError(message))


async def _move(run: RunContext, space_id: SpaceId, move: MovePage) -> bool:
    """Move one file; False if it was taken away since it was seen, so that it has to be written again."""
    entries = await run.memory.entries(space_id, [move.page_id])
    release = run.memory.remove_claim(space_id, move.target)
    try:
        await run.vfs.move(move.source, move.target)
    except DocumentNotFoundError:
        await run.memory.apply(run.memory.remove_entry(space_id, move.page_id), release)
        return False
    entry = attrs.evolve(entries[move.page_id], path=move.target)
    await run.memory.apply(run.memory.put_entry(space_id, entry), release)
    return True


async def write_files(run: RunContext, space_id: SpaceId, plan: Plan, writes: Sequence[WritePage]) -> None:
    """
    Fetch, convert and write some pages of a plan. Every page ends as one event, `PageWritten` or `PageFailed`.

    Raises:
        ClientError: Confluence cannot be read at all.
        StorageError: Nothing at all can be written.
    """
    async with aclosing(_bodies_ahead(run, space_id, writes)) as chunks:
        async for chunk, bodies in chunks:
            await run.people.learn({account for body in bodies.found.values() for account in people_of(body)})
            entries = await run.memory.entries(space_id, [write.page_id for write in chunk])
            limit = asyncio.Semaphore(run.options.write_concurrency)
            results = await asyncio.gather(
                *(_write(run, plan, write, bodies, entries.get(write.page_id), limit) for write in chunk)
            )
            await _record(run, space_id, chunk, results, entries)
            for write, result in zip(chunk, results, strict=True):
                await _tell(run, plan, write, result)
            broken = [result for result in results if isinstance(result, StorageError)]
            if len(broken) == len(results) and not run.state.counts.written:
                raise broken[0]


async def _bodies_ahead(
    run: RunContext, space_id: SpaceId, writes: Sequence[WritePage]
) -> AsyncGenerator[tuple[Sequence[WritePage], Bodies]]:
    """Yield chunks with their bodies, loading the next ones while the caller works on these."""
    chunks = [writes[start : start + _CHUNK] for start in range(0, len(writes), _CHUNK)]
    ahead: deque[asyncio.Task[Bodies]] = deque()
    try:
        for number, chunk in enumerate(chunks):
            for later in chunks[number + len(ahead) : number + 2]:
                ahead.append(asyncio.create_task(load_bodies(run.client, run.memory, space_id, later)))
            yield chunk, await ahead.popleft()
    finally:
        for task in ahead:
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)


async def _write(
    run: RunContext,
    plan: Plan,
    write: WritePage,
    bodies: Bodies,
    entry: ManifestEntry | None,
    limit: asyncio.Semaphore,
) -> PageFile | ConfluenceSyncError:
    """Write one file; a failure is a result, so that the other pages land."""
    if write.page_id in bodies.failed:
        return bodies.failed[write.page_id]
    async with limit:
        try:
            file = await render_page(
                bodies.found[write.page_id],
                write.path,
                tree=plan.layout.snapshot,
                atlas=run.atlas,
                names=run.people.names,
                options=run.options.conversion,
            )
            if entry is not None and entry.path == write.path:
                await keep_local_edit(run, plan.layout.snapshot.space.id, entry)
            await run.vfs.write(write.path, file.data, file.metadata)
        except ConfluenceSyncError as error:
            return error
        except Exception as error:  # a host's macro handler or adapter, or a bug: this page fails, the others land
            logger.exception("page %s failed", write.page_id)
            return ConfluenceSyncError(f"{type(error).__name__}: {error}")
    return file


async def _record(
    run: RunContext,
    space_id: SpaceId,
    chunk: Sequence[WritePage],
    results: Sequence[PageFile | ConfluenceSyncError],
    entries: Mapping[PageId, ManifestEntry],
) -> None:
    """Save what is true now: what was written is ours, what it left behind stays ours until it is deleted."""
    changes: list[Change] = []
    for write, result in zip(chunk, results, strict=True):
        if isinstance(result, PageFile):
            changes.append(run.memory.put_entry(space_id, result.entry))
            changes.append(run.memory.remove_body(space_id, write.page_id))
            before = entries.get(write.page_id)
            if before is not None and before.path != write.path:
                changes.append(run.memory.put_claim(space_id, Claim(before.path, write.page_id)))
        if not isinstance(result, StorageError):  # after a failed write nobody knows what lies there
            changes.append(run.memory.remove_claim(space_id, write.path))
    await run.memory.apply(*changes)


async def _tell(run: RunContext, plan: Plan, write: WritePage, result: PageFile | ConfluenceSyncError) -> None:
    if not isinstance(result, PageFile):
        await _fail(run, plan, write.page_id, write.path, result)
        return
    await run.events.emit(
        PageWritten,
        space_id=plan.layout.snapshot.space.id,
        page_id=write.page_id,
        title=result.entry.title,
        path=write.path,
        version=result.entry.version,
        reason=write.reason,
        previous_path=write.previous_path,
        warnings=result.conversion.warnings,
    )


async def _fail(run: RunContext, plan: Plan, page_id: PageId, path: str, error: ConfluenceSyncError) -> None:
    run.state.failed_pages.add(page_id)
    await run.events.emit(
        PageFailed,
        space_id=plan.layout.snapshot.space.id,
        page_id=page_id,
        title=plan.layout.snapshot.pages[page_id].title,
        path=path,
        kind=error.kind,
        message=str(error),
    )
