"""The trees of all spaces for a dry run: listed by the rules of a run, with nothing written anywhere."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import attrs

from ..client import ConfluenceClient
from ..errors import ClientError, MissingScopeError
from ..models import Page, PageId, SpaceId, SpaceMapping, TreeSnapshot
from ._containers import read_containers
from ._extent import alone
from ._idle import progressing
from ._memory import Memory
from ._places import find_homes, without_strangers
from ._together import together

__all__ = ["Snapshots", "take_snapshots"]

logger = logging.getLogger("confluence_sync.engine")


@attrs.frozen
class Snapshots:
    """
    The trees of mapped spaces.

    Attributes:
        trees: Of all spaces of which one is known, if only from an earlier run.
        problems: Why spaces cannot be listed now.
    """

    trees: Sequence[tuple[SpaceMapping, TreeSnapshot]]
    problems: Mapping[SpaceId, ClientError]

    @property
    def listed(self) -> set[SpaceId]:
        """The spaces whose trees are as they are now."""
        return {tree.space.id for _, tree in self.trees}.difference(self.problems)


async def take_snapshots(
    client: ConfluenceClient, memory: Memory, mappings: Sequence[SpaceMapping], *, batch_size: int
) -> Snapshots:
    """
    Check who we are, and list all spaces.

    Raises:
        ClientError: What is wrong is wrong with the whole connection.
    """
    try:
        await client.current_user()
    except MissingScopeError:
        logger.warning("the token may not read its own user; the identity was not checked")
    listings = await together(alone(_take_snapshot(client, memory, mapping, batch_size)) for mapping in mappings)
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
    return Snapshots([(mapping, without_strangers(tree, homes)) for mapping, tree in trees], problems)


async def _take_snapshot(
    client: ConfluenceClient, memory: Memory, mapping: SpaceMapping, batch_size: int
) -> TreeSnapshot:
    space = await client.space(mapping.space_id)
    pages: dict[PageId, Page] = {}
    base_url = ""
    batches = client.page_batches(space.id, limit=batch_size)
    async for batch in progressing(batches, f"space {space.key}: the listing"):
        pages.update((page.id, page) for page in batch.items if page.status == "current")
        base_url = base_url or batch.base_url
    tree = TreeSnapshot(space=space, pages=pages, complete=True, base_url=base_url or client.site_url)
    record = await memory.space(space.id)
    remembered = {} if record is None else await memory.containers(record)
    parents = await read_containers(client, tree, pages.values(), remembered=remembered)
    return attrs.evolve(tree, containers={container.id: container for container in parents.found})
