"""What a full run would do now, by the same rules, with nothing written anywhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

import attrs

from ..client import ConfluenceClient
from ..errors import ClientError, MissingScopeError
from ..models import Page, PageId, SpaceId, SpaceMapping, TreeSnapshot
from ..planner import Plan
from ..protocols import VFS
from ._containers import read_containers
from ._context import EngineOptions
from ._extent import concerns_all
from ._idle import check_idle
from ._memory import Memory
from ._places import find_homes, without_strangers
from ._planning import plan_trees
from ._together import together

__all__ = ["Preview", "preview_run"]

logger = logging.getLogger("confluence_sync.engine")


@attrs.frozen
class Preview:
    """
    The plans of a full run, one for each space that can be listed; iterate over them, or print the whole.

    Attributes:
        problems: Why other spaces cannot be synced now.
    """

    plans: Sequence[Plan]
    problems: Mapping[SpaceId, ClientError] = attrs.field(factory=dict)

    def __iter__(self) -> Iterator[Plan]:
        return iter(self.plans)

    def __len__(self) -> int:
        return len(self.plans)

    def __str__(self) -> str:
        failed = [f"space {space_id}: {error} ({error.kind})" for space_id, error in self.problems.items()]
        return "\n".join([*map(str, self.plans), *failed])


async def preview_run(
    client: ConfluenceClient,
    vfs: VFS,
    memory: Memory,
    mappings: Sequence[SpaceMapping],
    *,
    options: EngineOptions,
    rebuild: bool,
) -> Preview:
    """
    List all spaces and plan.

    Raises:
        ClientError: What is wrong is wrong with the whole connection.
    """
    try:
        await client.current_user()
    except MissingScopeError:
        logger.warning("the token may not read its own user; the identity was not checked")
    listings = await together(_list(client, memory, mapping, options.listing_batch) for mapping in mappings)
    trees: list[tuple[SpaceMapping, TreeSnapshot]] = []
    problems: dict[SpaceId, ClientError] = {}
    for mapping, listing in zip(mappings, listings, strict=True):
        if isinstance(listing, TreeSnapshot):
            trees.append((mapping, listing))
            continue
        problems[mapping.space_id] = listing
        record = await memory.space(mapping.space_id)
        if record is not None and record.generation:
            trees.append((mapping, await memory.tree(record)))
    homes = await find_homes(client, [tree for _, tree in trees])
    joint = await plan_trees(
        memory,
        vfs,
        [(mapping, without_strangers(tree, homes)) for mapping, tree in trees],
        listed={tree.space.id for _, tree in trees}.difference(problems),
        options=options,
        rebuild=rebuild,
    )
    return Preview(list(joint.plans.values()), problems)


async def _list(
    client: ConfluenceClient, memory: Memory, mapping: SpaceMapping, batch_size: int
) -> TreeSnapshot | ClientError:
    """List one space; an error that is this space's alone is the answer."""
    try:
        return await _take_snapshot(client, memory, mapping, batch_size)
    except ClientError as error:
        if concerns_all(error):
            raise
        return error


async def _take_snapshot(
    client: ConfluenceClient, memory: Memory, mapping: SpaceMapping, batch_size: int
) -> TreeSnapshot:
    space = await client.space(mapping.space_id)
    pages: dict[PageId, Page] = {}
    base_url, idle = "", 0
    async for batch in client.page_batches(space.id, limit=batch_size):
        known = len(pages)
        pages.update((page.id, page) for page in batch.items if page.status == "current")
        base_url = base_url or batch.base_url
        idle = idle + 1 if len(pages) == known else 0
        if batch.next_cursor is not None:
            check_idle(space.key, idle)
    tree = TreeSnapshot(space=space, pages=pages, complete=True, base_url=base_url or client.site_url)
    record = await memory.space(space.id)
    remembered = {} if record is None else await memory.containers(record)
    parents = await read_containers(client, tree, pages.values(), remembered=remembered)
    return attrs.evolve(tree, containers={container.id: container for container in parents.found})
