"""The dry run: what a full run would do, and what it would cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil

import attrs

from ..errors import ConfluenceSyncError
from ..models import AccountId, Container, Page, SpaceId, TreeSnapshot
from ..planner import Estimate, Plan
from ._context import EngineOptions
from ._memory import Memory

__all__ = ["Preview", "estimate_run"]

_IDENTITY = Estimate(1, 3)
"""Of asking who we are, once in a run."""
_AT_ONCE = 250
"""Users, or spaces, that one request asks for."""


@attrs.frozen(kw_only=True)
class Preview:
    """
    What a full run would do now. `print(preview)` is the dry run.

    Attributes:
        plans: One for each mapping whose space can be listed.
        users: For how many users it would ask: those that are remembered, and new authors.
        estimate: Cost of the whole run. What only bodies tell, which nobody has read yet, is not in it: users who
            are mentioned and have written no page.
        problems: Why other spaces cannot be synced now.
    """

    plans: Sequence[Plan]
    users: int
    estimate: Estimate
    problems: Mapping[SpaceId, ConfluenceSyncError] = attrs.field(factory=dict)

    def __str__(self) -> str:
        failed = [f"space {space_id}: {error} ({error.kind})" for space_id, error in self.problems.items()]
        return "\n".join(
            [*map(str, self.plans), *failed, f"in all, with the names of {self.users} users: {self.estimate}"]
        )


async def estimate_run(
    memory: Memory,
    plans: Sequence[Plan],
    options: EngineOptions,
    *,
    rebuild: bool,
    problems: Mapping[SpaceId, ConfluenceSyncError],
) -> Preview:
    """Return plans with the cost of the run that would make and apply them."""
    known = {user.account_id for user in await memory.all_users()} | set(await memory.wanted_users())
    total, users = _IDENTITY + _together(len(plans)) + _asking(len(known)), len(known)
    for plan in plans:
        space_id = plan.layout.snapshot.space.id
        with_bodies = rebuild or await memory.is_new(space_id)
        total += plan.estimate(
            listing_batch=options.listing_batch,
            body_batch=options.body_batch,
            fetch_batch=options.fetch_batch,
            with_bodies=with_bodies,
        )
        total += _unreadable(plan.layout.snapshot)
        for authors in _met(plan, with_bodies=with_bodies, fetch_batch=options.fetch_batch):
            new = authors - known
            total += _asking(len(new))
            users += len(new)
            known |= new
    return Preview(plans=plans, users=users, estimate=total, problems=problems)


def _together(spaces: int) -> Estimate:
    """Spaces are looked at together, while the plan of each is reckoned with a request of its own."""
    saved = spaces - ceil(spaces / _AT_ONCE)
    return Estimate(-saved, -saved)


def _asking(users: int) -> Estimate:
    requests = ceil(users / _AT_ONCE)
    return Estimate(requests, requests + 2 * users)


def _unreadable(tree: TreeSnapshot) -> Estimate:
    """Parents that cannot be read are asked for all the same, once in each run."""
    nodes: list[Page | Container] = [*tree.pages.values(), *tree.containers.values()]
    missing = {node.parent_id for node in nodes if node.parent_id is not None}.difference(tree.pages, tree.containers)
    return Estimate(len(missing), len(missing))


def _met(plan: Plan, *, with_bodies: bool, fetch_batch: int) -> Iterator[set[AccountId]]:
    """Yield the authors that a run meets together: at the end of a walk with bodies, else with each fetch."""
    pages = plan.layout.snapshot.pages
    if with_bodies:
        yield _authors(pages.values())
        return
    written = [pages[write.page_id] for write in plan.writes if not write.renews]
    for start in range(0, len(written), fetch_batch):
        yield _authors(written[start : start + fetch_batch])


def _authors(pages: Iterable[Page]) -> set[AccountId]:
    return {page.author_id for page in pages if page.author_id is not None}
