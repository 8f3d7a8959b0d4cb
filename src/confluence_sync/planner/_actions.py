"""What a plan is made of: frozen values, each with a line a person can read."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import attrs

from ..errors import UnsafePlanError
from ..models import PageId, Reason
from ._layout import Layout

__all__ = ["Action", "DeletePage", "Estimate", "MovePage", "Plan", "WritePage"]


@attrs.frozen
class MovePage:
    """
    Move a file of ours; its content is right or will be written next.

    One page may move twice (rings, through a spare name), and pages that are not listed move out of the way. A source
    that is not there is no failure: a run may have been interrupted just here.
    """

    page_id: PageId
    source: str
    target: str

    def __str__(self) -> str:
        return f"move {self.source} -> {self.target}"


@attrs.frozen
class WritePage:
    """
    Write a page's file.

    Attributes:
        was: Version that the file was made of so far; None if there is no file of ours.
        previous_path: Where the file was before the run, if elsewhere.
    """

    page_id: PageId
    path: str
    reason: Reason
    version: int
    was: int | None = None
    previous_path: str | None = None

    def __str__(self) -> str:
        detail = self.reason.value
        if self.reason is Reason.CHANGED and self.was not in {None, self.version}:
            detail += f" {self.was} -> {self.version}"
        return f"write {self.path} ({detail})"


@attrs.frozen
class DeletePage:
    """
    Delete a file of ours.

    Attributes:
        reason: `GONE`: the page is no longer listed; to be done once it is proven gone. `INTERRUPTED`: what a broken
            run left of a page that has its file elsewhere; the entry of the page stays, if that is its path by now.
    """

    page_id: PageId
    path: str
    reason: Reason

    def __str__(self) -> str:
        return f"delete {self.path} ({self.reason.value})"


Action = MovePage | WritePage | DeletePage


@attrs.frozen
class Estimate:
    """What applying a plan costs: HTTP requests, and points of Atlassian's hourly quota."""

    requests: int = 0
    points: int = 0

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(self.requests + other.requests, self.points + other.points)

    def __str__(self) -> str:
        return f"about {self.requests} requests, {self.points} points"


@attrs.frozen(kw_only=True)
class Plan:
    """
    Everything that has to be done for one space. `print(plan)` is the dry run.

    Attributes:
        moves: First, in this order.
        writes: Then, in any order; all paths are free by now.
        deletes: Last, each only after its page is proven gone.
        held: Deletions that the mapping's limits do not allow; nothing is done about them.
        managed: How many files the mapping had before the run.
        unchanged: How many pages need nothing.
        warnings: From the layout, in sentences.
    """

    layout: Layout
    moves: Sequence[MovePage] = ()
    writes: Sequence[WritePage] = ()
    deletes: Sequence[DeletePage] = ()
    held: Sequence[DeletePage] = ()
    managed: int = 0
    unchanged: int = 0
    warnings: Sequence[str] = ()

    @property
    def actions(self) -> list[Action]:
        """All actions in the order in which they are safe."""
        return [*self.moves, *self.writes, *self.deletes]

    def estimate(
        self,
        *,
        listing_batch: int = 250,
        body_batch: int = 100,
        fetch_batch: int = 50,
        with_bodies: bool | None = None,
    ) -> Estimate:
        """
        Return what a full run of the space costs: to list it, to read its parents, and what is left then.

        Args:
            listing_batch: Pages per request of a walk without bodies.
            body_batch: Pages per request of a walk with bodies.
            fetch_batch: Pages per request that fetches bodies.
            with_bodies: Whether the walk brings the bodies along, so that there is nothing left to fetch; by default
                on a first run.
        """
        first = self.managed == 0 if with_bodies is None else with_bodies
        pages, containers = len(self.layout.snapshot.pages), len(self.layout.snapshot.containers)
        walk = max(1, ceil(pages / (body_batch if first else listing_batch)))
        listing = Estimate(1 + walk + containers, 2 + walk + pages + 2 * containers)
        return listing + self.cost_to_apply(fetch_batch=fetch_batch, bodies_at_hand=first)

    def cost_to_apply(self, *, fetch_batch: int = 50, bodies_at_hand: bool = False) -> Estimate:
        """Return the cost of fetching the bodies to be written and of confirming the deletions."""
        bodies = 0 if bodies_at_hand else len(self.writes)
        fetches = ceil(bodies / fetch_batch)
        gone = sum(action.reason is Reason.GONE for action in self.deletes)
        asked = gone + bool(gone)  # the space has to answer first
        return Estimate(fetches + asked, fetches + bodies + 2 * asked)

    def raise_if_held(self) -> None:
        """
        Refuse a plan with held deletions.

        Raises:
            UnsafePlanError: The mapping's limits hold some back.
        """
        if self.held:
            raise UnsafePlanError(
                f"{len(self.held)} of {self.managed} files would be deleted, more than the mapping allows",
                deletions=len(self.held),
                managed=self.managed,
            )

    def __str__(self) -> str:
        space = self.layout.snapshot.space
        lines = [f"{space.name} ({space.key}) -> {self.layout.root}/"]
        lines += [f"  {action}" for action in self.actions]
        lines += [f"  hold {action}" for action in self.held]
        lines += [f"  warning: {warning}" for warning in self.warnings]
        lines.append(
            f"  {len(self.writes)} to write, {len(self.moves)} to move, {len(self.deletes)} to delete, "
            f"{self.unchanged} unchanged; a full run costs {self.estimate()}"
        )
        return "\n".join(lines)
