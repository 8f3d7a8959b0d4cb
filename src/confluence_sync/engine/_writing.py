"""Step four: pages are fetched, converted and written; what was done is recorded before anything is told."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

import attrs

from ..converter import ConvertOptions
from ..errors import ConfluenceSyncError, StorageError
from ..events import PageMoved, PageWritten
from ..models import PageId, SpaceId
from ..planner import Claim, ManifestEntry, Plan, WritePage
from ..protocols import Change
from ._bodies import Bodies, load_bodies
from ._context import RunContext
from ._documents import PageFile, render_page
from ._edits import keep_local_edit, note_digests
from ._emptied import find_text
from ._failures import fail_page, skip_page
from ._listing import people_of
from ._renewing import renew_files
from ._together import together

__all__ = ["claim_in_flight", "write_files"]

logger = logging.getLogger("confluence_sync.engine")


@attrs.frozen
class Kept:
    """The file of a page stays as it is; `message` says why. `seen`: it is certain that it is there."""

    path: str
    message: str
    seen: bool


Result = PageFile | Kept | ConfluenceSyncError


async def write_files(run: RunContext, space_id: SpaceId, plan: Plan, writes: Sequence[WritePage]) -> None:
    """
    Fetch, convert and write some pages of a plan.

    Every page ends as one event: `PageWritten`, `PageMoved`, `PageSkipped` or `PageFailed`.

    Raises:
        ClientError: Confluence cannot be read at all.
        StorageError: Nothing at all can be written.
    """
    options = run.options.conversion_for(run.mapping(space_id))
    async with aclosing(_sources_ahead(run, plan, writes)) as chunks:
        async for chunk, sources in chunks:
            await run.people.learn({account for body in sources.bodies.found.values() for account in people_of(body)})
            entries = await run.memory.entries(space_id, [write.page_id for write in chunk])
            rendered = [
                await _render(run, plan, write, sources, options, entries.get(write.page_id)) for write in chunk
            ]
            await _note(run, space_id, rendered, entries)
            results = await _save(run, space_id, chunk, rendered, entries)
            await _record(run, plan, chunk, results, entries)
            for write, result in zip(chunk, results, strict=True):
                await _tell(run, plan, write, result)
            broken = [result for result in results if isinstance(result, StorageError)]
            if len(broken) == len(results) and not run.state.counts.written:
                raise broken[0]


@attrs.frozen
class _Sources:
    """What some files are made of: bodies, or what is there already."""

    bodies: Bodies
    renewed: Mapping[PageId, PageFile]


async def _find_sources(run: RunContext, plan: Plan, writes: Sequence[WritePage]) -> _Sources:
    tree = plan.layout.snapshot
    renewed = await renew_files(run, tree, writes)
    rest = [write for write in writes if write.page_id not in renewed]
    return _Sources(await load_bodies(run.fetcher, run.memory, tree, rest), renewed)


async def _sources_ahead(
    run: RunContext, plan: Plan, writes: Sequence[WritePage]
) -> AsyncGenerator[tuple[Sequence[WritePage], _Sources]]:
    """Yield chunks with what they are made of, loading that of the next ones while the caller works on these."""
    size = run.options.fetch_batch
    chunks = [writes[start : start + size] for start in range(0, len(writes), size)]
    ahead: deque[asyncio.Task[_Sources]] = deque()
    try:
        for number, chunk in enumerate(chunks):
            for later in chunks[number + len(ahead) : number + 2]:
                ahead.append(asyncio.create_task(_find_sources(run, plan, later)))
            yield chunk, await ahead.popleft()
    finally:
        for task in ahead:
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)


async def _render(
    run: RunContext,
    plan: Plan,
    write: WritePage,
    sources: _Sources,
    options: ConvertOptions,
    entry: ManifestEntry | None,
) -> Result:
    """Convert one page; a failure is a result, so that the other pages land."""
    if write.page_id in sources.renewed:
        return sources.renewed[write.page_id]
    bodies = sources.bodies
    if write.page_id in bodies.failed:
        return bodies.failed[write.page_id]
    await asyncio.sleep(0)  # conversion is work for the processor: let the others have a turn
    try:
        body = bodies.found[write.page_id]
        file = await render_page(
            body,
            write.path,
            tree=plan.layout.snapshot,
            atlas=run.atlas,
            names=run.people.names,
            options=options,
        )
        if entry is not None and (text := await find_text(run, body.page, file, entry)):
            message = "the live doc came back empty, its file is kept; a rebuild would empty it"
            return Kept(entry.path, message, seen=text.metadata.get("page_id") == write.page_id)
    except Exception as error:  # noqa: BLE001 - a host's macro handler, or a bug: this page fails, the others land
        return _as_failure(write.page_id, error)
    return file


async def _note(
    run: RunContext, space_id: SpaceId, results: Sequence[Result], entries: Mapping[PageId, ManifestEntry]
) -> None:
    """Claim the paths of what is about to be written: if the run dies here, the next one writes it again."""
    new = [result.entry for result in results if isinstance(result, PageFile)]
    old = [entries[entry.page_id] for entry in new if entry.page_id in entries]
    run.in_flight = space_id, new
    await claim_in_flight(run)
    await note_digests(run, space_id, old)


async def claim_in_flight(run: RunContext) -> None:
    """Claim the paths of the files that are being written. Who is overtaken does it again, as nobody knows what won."""
    space_id, entries = run.in_flight
    await run.memory.apply(*(run.memory.put_claim(space_id, Claim(entry.path, entry.page_id)) for entry in entries))
    await note_digests(run, space_id, entries)


async def _save(
    run: RunContext,
    space_id: SpaceId,
    chunk: Sequence[WritePage],
    results: Sequence[Result],
    entries: Mapping[PageId, ManifestEntry],
) -> list[Result]:
    """
    Write files, some at once; a file that cannot be written becomes a failure.

    Also where the plan saw nothing there may be something by now.
    """
    limit = asyncio.Semaphore(run.options.write_concurrency)

    async def save(write: WritePage, result: Result) -> Result:
        if not isinstance(result, PageFile) or result.data is None:
            return result
        async with limit:
            await run.lease.confirm()
            try:
                written = _written_at(write.path, entries.get(write.page_id))
                await keep_local_edit(run, space_id, write.page_id, write.path, written=written)
                await run.vfs.write(write.path, result.data, result.metadata)
            except Exception as error:  # noqa: BLE001 - a host's adapter may raise anything
                return _as_failure(write.page_id, error)
        return result

    return await together(map(save, chunk, results))


def _written_at(path: str, entry: ManifestEntry | None) -> str:
    return entry.digest if entry is not None and entry.path == path else ""


def _as_failure(page_id: PageId, error: Exception) -> ConfluenceSyncError:
    if isinstance(error, ConfluenceSyncError):
        return error
    logger.error("page %s failed", page_id, exc_info=error)
    return ConfluenceSyncError(f"{type(error).__name__}: {error}")


async def _record(
    run: RunContext,
    plan: Plan,
    chunk: Sequence[WritePage],
    results: Sequence[Result],
    entries: Mapping[PageId, ManifestEntry],
) -> None:
    """Save what is true now: what was written is ours, what it left behind stays ours until it is deleted."""
    await run.lease.confirm()
    space_id = plan.layout.snapshot.space.id
    changes: list[Change] = []
    for write, result in zip(chunk, results, strict=True):
        if isinstance(result, PageFile):
            changes += [
                run.memory.put_entry(space_id, result.entry),
                run.memory.remove_claim(space_id, write.path),
                run.memory.remove_body(space_id, write.page_id),
            ]
            before = entries.get(write.page_id)
            if before is not None and not run.is_needed(before.path) and not await _is_free(run, before.path):
                changes.append(run.memory.put_claim(space_id, Claim(before.path, write.page_id)))
            continue
        if isinstance(result, Kept) and result.seen:  # so the next run may move it
            changes.append(run.memory.remove_claim(space_id, result.path))
        if await _is_free(run, write.path):
            changes.append(run.memory.remove_claim(space_id, write.path))
    await run.memory.apply(*changes)
    run.in_flight = space_id, ()


async def _is_free(run: RunContext, path: str) -> bool:
    """Whether a path can be given back; where a file lies, of this run or of a broken one, it stays ours."""
    try:
        return await run.vfs.stat(path) is None
    except StorageError:
        return False


async def _tell(run: RunContext, plan: Plan, write: WritePage, result: Result) -> None:
    page = plan.layout.snapshot.pages[write.page_id]
    if isinstance(result, Kept):
        await skip_page(run, page, result.path, result.message)
        return
    if not isinstance(result, PageFile):
        await fail_page(run, page, write.path, result)
        return
    if result.data is None:
        await run.events.emit(
            PageMoved,
            space_id=plan.layout.snapshot.space.id,
            page_id=write.page_id,
            title=result.entry.title,
            path=write.path,
            previous_path=write.previous_path or write.path,
        )
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
