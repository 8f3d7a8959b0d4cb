"""A page that moved between two listings is in both trees, and belongs into one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import attrs

from ..client import ConfluenceClient
from ..errors import RemoteNotFoundError
from ..models import PageId, SpaceId, SpaceMapping, TreeSnapshot
from ._context import RunContext
from ._together import together

__all__ = ["find_homes", "keep_one_place", "without_strangers"]

Trees = Sequence[tuple[SpaceMapping, TreeSnapshot]]


async def keep_one_place(run: RunContext, trees: Trees) -> list[tuple[SpaceMapping, TreeSnapshot]]:
    """Ask where each page is that several trees have, and forget it in the others."""
    homes = await find_homes(run.client, [tree for _, tree in trees])
    for _, tree in trees:
        await _forget(run, tree, _strangers(tree, homes))
    return [(mapping, without_strangers(tree, homes)) for mapping, tree in trees]


async def find_homes(client: ConfluenceClient, trees: Sequence[TreeSnapshot]) -> dict[PageId, SpaceId | None]:
    """Ask where each page is that several trees have; None if it is nowhere any more."""
    times = Counter(page_id for tree in trees for page_id in tree.pages)
    twice = [page_id for page_id, number in times.items() if number > 1]
    return dict(zip(twice, await together(_home(client, page_id) for page_id in twice), strict=True))


def without_strangers(tree: TreeSnapshot, homes: Mapping[PageId, SpaceId | None]) -> TreeSnapshot:
    """Return a tree without the pages whose home is elsewhere."""
    strangers = _strangers(tree, homes)
    if not strangers:
        return tree
    return attrs.evolve(tree, pages={key: page for key, page in tree.pages.items() if key not in strangers})


def _strangers(tree: TreeSnapshot, homes: Mapping[PageId, SpaceId | None]) -> set[PageId]:
    return {page_id for page_id, home in homes.items() if page_id in tree.pages and home != tree.space.id}


async def _home(client: ConfluenceClient, page_id: PageId) -> SpaceId | None:
    try:
        return (await client.page(page_id)).space_id
    except RemoteNotFoundError:
        return None


async def _forget(run: RunContext, tree: TreeSnapshot, page_ids: set[PageId]) -> None:
    record = await run.memory.space(tree.space.id) if page_ids else None
    if record is not None:
        removed = (run.memory.remove_page(tree.space.id, page_id, record.generation) for page_id in sorted(page_ids))
        record = attrs.evolve(record, pages=record.pages - len(page_ids))
        await run.memory.apply(*removed, run.memory.put_space(record))
