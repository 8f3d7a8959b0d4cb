"""Step one: the remote tree of a space, into the store.

On a first run the walk brings the bodies along and spools them, which halves the cost of fetching them later. A portion
whose bodies do not come - one page is enough for that - is listed without, and they are fetched by id later on. The
cursor is saved with every batch, so a killed walk goes on where it was. What it listed before may have changed since,
so its end is followed by a walk without bodies, whose tree counts: of the spooled bodies only those are used that are
still of the listed version.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import attrs

from ..client import Batch
from ..converter import account_ids
from ..errors import ClientError, ContentTooLargeError, ServerError, TransportError, UnexpectedResponseError
from ..events import PagesListed, RunWarned, SpaceListed
from ..models import AccountId, Page, PageBody, PageId, RunMode
from ..protocols import Change
from ._containers import read_containers
from ._context import RunContext
from ._idle import check_idle
from ._records import SpaceRecord, Walk

__all__ = ["list_space", "people_of", "tell_listed"]

_MOST_BARE = 10
"""Portions without bodies after which a walk no longer asks for any: it is not single pages that keep them away."""


async def list_space(run: RunContext, record: SpaceRecord) -> bool:
    """List some batches of a space's pages; True once its tree is complete and in the store."""
    walk = record.walk if record.walk is not None else await _start(run, record)
    try:
        walk = await _walk(run, record, walk)
    except (ServerError, TransportError, ContentTooLargeError, UnexpectedResponseError) as error:
        await _recover(run, record, error)
        return False
    if not walk.finished:
        return False
    if walk.resumed and walk.with_bodies:
        await _start(run, record, with_bodies=False, resumed=True)
        return False
    await _settle(run, record, walk)
    return True


async def _recover(run: RunContext, record: SpaceRecord, error: ClientError) -> None:
    """Go on without the bodies of a portion, or from the beginning, if that may help."""
    record = await run.memory.space(record.space.id) or record
    walk = record.walk
    if walk is None:
        raise error
    if error.status == 400 and walk.cursor is not None and not walk.restarted:
        await _start(run, record, with_bodies=walk.with_bodies, restarted=True)
        await _warn(run, record, "the cursor of the walk is no longer accepted; the walk starts over")
    elif error.status == 400 or not _brings_bodies(walk):
        raise error
    elif isinstance(error, UnexpectedResponseError) or not await _step_over(run, record, walk, error):
        await _start(run, record, with_bodies=False)
        await _warn(run, record, f"listing with bodies failed; the walk starts over without them ({error})")


async def _step_over(run: RunContext, record: SpaceRecord, walk: Walk, error: ClientError) -> bool:
    """
    List one portion without the bodies that do not come; False if its cursor is not good for that.

    The limit stays, since nothing says that a cursor is good for another one.
    """
    try:
        batch = await anext(_without_bodies(run, record, walk))
    except UnexpectedResponseError:
        return False
    if not walk.bare:
        await _warn(run, record, f"pages are listed without their bodies, which are fetched later ({error})")
    await _keep(run, record, attrs.evolve(walk, bare=walk.bare + 1), batch)
    return True


async def _warn(run: RunContext, record: SpaceRecord, message: str) -> None:
    await run.events.emit(RunWarned, message=f"space {record.space.key}: {message}")


async def _start(
    run: RunContext,
    record: SpaceRecord,
    *,
    with_bodies: bool | None = None,
    restarted: bool = False,
    resumed: bool = False,
) -> Walk:
    """Begin a walk, into a tree of its own. It brings bodies if all of them will be needed."""
    space_id = record.space.id
    if with_bodies is None:
        with_bodies = run.state.mode is RunMode.REBUILD or await run.memory.is_new(space_id)
    walk = Walk(
        generation=record.generation + 1,
        with_bodies=with_bodies,
        started_at=run.server_now(),
        restarted=restarted,
        resumed=resumed,
    )
    await run.memory.apply(
        *run.memory.clear_tree(space_id, walk.generation),
        run.memory.put_space(attrs.evolve(record, walk=walk)),
    )
    return walk


async def _walk(run: RunContext, record: SpaceRecord, walk: Walk) -> Walk:
    """Go on with a walk for as many requests as a step may make."""
    if walk.finished:
        return walk
    requests = 0
    async for batch in _batches(run, record, walk):
        walk = await _keep(run, record, walk, batch)
        if not walk.finished:
            check_idle(f"space {record.space.key}: the listing", walk.idle)
        requests += 1
        if requests >= run.options.step_requests:
            break
    return walk


def _brings_bodies(walk: Walk) -> bool:
    return walk.with_bodies and walk.bare < _MOST_BARE


def _batches(run: RunContext, record: SpaceRecord, walk: Walk) -> AsyncIterator[Batch[Page] | Batch[PageBody]]:
    if not _brings_bodies(walk):
        return _without_bodies(run, record, walk)
    return run.client.body_batches(
        record.space.id, cursor=walk.cursor, limit=run.options.body_batch, patient=not walk.bare
    )


def _without_bodies(run: RunContext, record: SpaceRecord, walk: Walk) -> AsyncIterator[Batch[Page]]:
    """Return the portions of a walk from where it is, of the size with which it began."""
    limit = run.options.body_batch if walk.with_bodies else run.options.listing_batch
    return run.client.page_batches(record.space.id, cursor=walk.cursor, limit=limit)


async def _keep(run: RunContext, record: SpaceRecord, walk: Walk, batch: Batch[Page] | Batch[PageBody]) -> Walk:
    """Save a batch together with the cursor behind it, and tell."""
    await run.lease.confirm()
    changes: list[Change] = []
    people: set[AccountId] = set()
    listed: set[PageId] = set()
    for item in batch.items:
        page = item.page if isinstance(item, PageBody) else item
        if page.status != "current":
            continue
        listed.add(page.id)
        changes.append(run.memory.put_page(page, walk.generation))
        if isinstance(item, PageBody):
            changes.append(run.memory.put_body(item))
            people |= people_of(item)
    await run.people.want(people)
    known = await run.memory.pages(attrs.evolve(record, generation=walk.generation), list(listed))
    new = len(listed) - len(known)
    walk = attrs.evolve(
        walk,
        started_at=_started_at(walk, batch),
        cursor=batch.next_cursor,
        pages=walk.pages + new,
        idle=0 if new else walk.idle + 1,
        base_url=batch.base_url or walk.base_url,
        finished=batch.next_cursor is None,
    )
    await run.memory.apply(*changes, run.memory.put_space(attrs.evolve(record, walk=walk)))
    await run.events.emit(PagesListed, space_id=record.space.id, space_key=record.space.key, pages=walk.pages)
    return walk


def _started_at(walk: Walk, batch: Batch[Page] | Batch[PageBody]) -> datetime:
    """Go by the server's clock at the first answer: a process that goes on with a run has not seen it before."""
    return batch.served_at if walk.cursor is None and batch.served_at is not None else walk.started_at


async def _settle(run: RunContext, record: SpaceRecord, walk: Walk) -> None:
    """Make the walked tree the tree of the space, with the parents that are no pages of it."""
    space = record.space
    listed = attrs.evolve(
        record,
        base_url=walk.base_url or record.base_url,
        generation=walk.generation,
        complete=True,
        watermark=walk.started_at,
        reconciled_at=walk.started_at,
        spooled=walk.with_bodies or walk.resumed,
        walk=None,
    )
    tree = await run.memory.tree(listed)
    listed = attrs.evolve(listed, pages=len(tree.pages))
    remembered = await run.memory.containers(record)
    parents = await read_containers(run.client, tree, tree.pages.values(), remembered=remembered)
    for content_id, error in parents.failed.items():
        run.state.troubled = True
        await _warn(run, record, f"the parent {content_id} could not be read ({error})")
    await run.people.learn_wanted()
    await run.memory.apply(
        *(run.memory.put_container(container, space.id, walk.generation) for container in parents.found),
        *run.memory.clear_tree(space.id, record.generation),
        run.memory.clear_wanted_pages(space.id),
        run.memory.put_space(listed),
        run.memory.forget_applied_plan(),
    )
    await tell_listed(run, listed)


async def tell_listed(run: RunContext, record: SpaceRecord) -> None:
    """Tell that a space is listed, in this run or in the paused one that it goes on with."""
    space = record.space
    await run.events.emit(
        SpaceListed,
        space_id=space.id,
        space_key=space.key,
        space_name=space.name,
        pages=record.pages,
        complete=record.complete,
    )


def people_of(body: PageBody) -> set[AccountId]:
    """Return the users a page speaks of: its author, and those it mentions."""
    author = {body.page.author_id} if body.page.author_id else set()
    return account_ids(body.storage) | author
