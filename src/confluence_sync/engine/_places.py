"""A page that moved between two listings is in both trees, and belongs into one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import attrs

from ..errors import RemoteNotFoundError
from ..models import PageId, SpaceId, SpaceMapping, TreeSnapshot
from ._context import RunContext

__all__ = ["keep_one_place"]

Trees = Sequence[tuple[SpaceMapping, TreeSnapshot]]


async def keep_one_place(run: RunContext, trees: Trees) -> list[tuple[SpaceMapping, TreeSnapshot]]:
    """Ask where each page is that several trees have, and forget it in the others."""
    times = Counter(page_id for _, tree in trees for page_id in tree.pages)
    twice = [page_id for page_id, number in times.items() if number > 1]
    homes = {page_id: await _home(run, page_id) for page_id in twice}
    return [(mapping, await _without(run, tree, homes)) for mapping, tree in trees]


async def _home(run: RunContext, page_id: PageId) -> SpaceId | None:
    try:
        return (await run.client.page(page_id)).space_id
    except RemoteNotFoundError:
        return None


async def _without(run: RunContext, tree: TreeSnapshot, homes: dict[PageId, SpaceId | None]) -> TreeSnapshot:
    strangers = [page_id for page_id, home in homes.items() if page_id in tree.pages and home != tree.space.id]
    if not strangers:
        return tree
    record = await run.memory.space(tree.space.id)
    if record is not None:
        await run.memory.apply(
            *(run.memory.remove_page(tree.space.id, page_id, record.generation) for page_id in strangers)
        )
    return attrs.evolve(tree, pages={key: page for key, page in tree.pages.items() if key not in strangers})
