"""What the engine remembers between steps and between runs. All of it is JSON by `documents`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from ..events import Counts
from ..models import (
    ConnectionId,
    Outcome,
    Page,
    PageId,
    RunId,
    RunMode,
    Space,
    SpaceId,
    SpaceMapping,
    Trigger,
)
from ..planner import DeletePage

__all__ = [
    "AppliedPlan",
    "ChangedPage",
    "HeldDeletions",
    "PageDigests",
    "Phase",
    "RunRecord",
    "RunState",
    "SpaceRecord",
    "Stage",
    "Walk",
]


class Phase(StrEnum):
    """How far a run has come."""

    PREPARE = "prepare"
    LIST = "list"
    PLAN = "plan"
    MOVE = "move"
    WRITE = "write"
    DELETE = "delete"
    DONE = "done"


class Stage(StrEnum):
    """How far the listing of one space has come in this run."""

    PENDING = "pending"
    LISTED = "listed"
    FAILED = "failed"


@attrs.frozen(kw_only=True)
class Walk:
    """
    A listing under way, so that a killed one goes on from its cursor.

    Attributes:
        generation: Number of the tree that it fills.
        with_bodies: Whether it spools bodies on the way.
        started_at: By the server's clock where it said, UTC.
        cursor: Where to go on; None at the start.
        pages: How many were listed so far, each counted once.
        idle: Requests in a row, up to now, that brought no other page.
        base_url: Base of human addresses, as the listing gives it.
        finished: Whether the end of the listing was reached.
        bare: How many portions came without the bodies that were asked for.
        restarted: Whether it had to start over once because its cursor was no longer accepted.
        resumed: Whether it, or the one whose bodies it is to use, was begun by an earlier run, since when the site may
            have changed.
    """

    generation: int
    with_bodies: bool
    started_at: datetime
    cursor: str | None = None
    pages: int = 0
    idle: int = 0
    base_url: str = ""
    finished: bool = False
    bare: int = 0
    restarted: bool = False
    resumed: bool = False


@attrs.frozen(kw_only=True)
class SpaceRecord:
    """
    What is known of a mapped space.

    Attributes:
        generation: Number of the tree that was listed last; 0 if there is none.
        complete: Whether that tree was listed whole, and what it lacks is not deleted yet. Until then every run may
            delete it, however it looks for changes; each page is proven gone by its id as well.
        pages: How many pages that tree has.
        watermark: Everything that changed before is in that tree.
        reconciled_at: When the last listing in full began, by the server's clock where it said.
        spooled: Whether a walk brought the bodies, so that they need not be fetched.
        walk: The listing under way, if any.
    """

    space: Space
    base_url: str
    generation: int = 0
    complete: bool = False
    pages: int = 0
    watermark: datetime | None = None
    reconciled_at: datetime | None = None
    spooled: bool = False
    walk: Walk | None = None


@attrs.frozen(kw_only=True)
class AppliedPlan:
    """
    A plan of all spaces that came true to its end, as long as no tree and no name of a user has changed since.

    Attributes:
        basis: Digest of what it followed from, besides the trees, the names and the files.
    """

    basis: str


@attrs.frozen(kw_only=True)
class ChangedPage:
    """
    A page of which a search or listing says that it changed.

    It is remembered until it was fetched and its parents were read.

    Attributes:
        version: None if the source does not say.
        edited_at: UTC, None if the source does not say.
        failed: Whether it could not be fetched by the last run that tried.
    """

    page_id: PageId
    space_id: SpaceId
    title: str = ""
    version: int | None = None
    edited_at: datetime | None = None
    failed: bool = False

    @classmethod
    def of(cls, page: Page) -> ChangedPage:
        """Return a page as a listing knows it."""
        return cls(
            page_id=page.id,
            space_id=page.space_id,
            title=page.title,
            version=page.version,
            edited_at=page.updated_at,
        )


@attrs.frozen(kw_only=True)
class PageDigests:
    """
    SHA-256, in hex, of all files of a page since things were last in order, written or about to be.

    Runs that are killed leave files where no record says; by this they are known as ours.
    """

    page_id: PageId
    digests: tuple[str, ...] = ()

    def adding(self, digest: str) -> PageDigests:
        """Return the note with one more digest."""
        return self if digest in self.digests else attrs.evolve(self, digests=(*self.digests, digest))


@attrs.frozen(kw_only=True)
class HeldDeletions:
    """
    Deletions of one space that a run held back, for a host to look at.

    Attributes:
        token: Stands for exactly these pages.
        deletions: One for each file.
        managed: How many files the mapping had.
        run_id: The run that held them back.
        at: When it did, UTC.
        confirmed: Whether the next full run may make them.
    """

    space_id: SpaceId
    token: str
    deletions: tuple[DeletePage, ...]
    managed: int
    run_id: RunId
    at: datetime
    confirmed: bool = False


@attrs.define(kw_only=True)
class RunState:
    """
    Where a run stands: everything a step takes and leaves behind, besides the store.

    A step changes it in place; between steps it can be dumped, kept anywhere, and loaded by another process.

    Attributes:
        stages: How far each space has come.
        looked_until: The time before which no change is missing, of the spaces whose changes were looked for.
        written_to: The last page of each space for which its turn to be written has come, in the order of the plan.
        rebuilt_to: The same of the paused runs that this rebuild goes on with.
        deleted_to: The last path of each space for which its turn to be deleted has come, in order of path.
        failed_pages: Pages that did not land; this run does not try them again.
        troubled: Whether something else than a page failed, so that the run cannot have succeeded.
        asked_names: Whether the names of all users were asked for.
        requests, points: Used so far by earlier steps.
        outcome, resume_at: How it ended, see `StepResult`.
        continues: The paused run with which it goes on, if any.
        pauses: How many runs in a row before it were paused.
    """

    run_id: RunId
    connection_id: ConnectionId
    mode: RunMode
    trigger: Trigger
    mappings: tuple[SpaceMapping, ...]
    started_at: datetime
    phase: Phase = Phase.PREPARE
    stages: dict[SpaceId, Stage] = attrs.field(factory=dict)
    seq: int = 0
    counts: Counts = attrs.field(factory=Counts)
    looked_until: dict[SpaceId, datetime] = attrs.field(factory=dict)
    written_to: dict[SpaceId, PageId] = attrs.field(factory=dict)
    deleted_to: dict[SpaceId, str] = attrs.field(factory=dict)
    rebuilt_to: dict[SpaceId, PageId] = attrs.field(factory=dict)
    failed_pages: set[PageId] = attrs.field(factory=set)
    troubled: bool = False
    asked_names: bool = False
    requests: int = 0
    points: int = 0
    outcome: Outcome | None = None
    resume_at: datetime | None = None
    continues: RunId | None = None
    pauses: int = 0


@attrs.frozen(kw_only=True)
class RunRecord:
    """
    One run in the list of runs; `ended_at` and `outcome` are None while it is under way.

    `continues` is the paused run with which it goes on where that stood. `closed_by` is the run that took the lease
    when it had expired, and gave this one up for dead.
    """

    run_id: RunId
    connection_id: ConnectionId
    mode: RunMode
    trigger: Trigger
    started_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    counts: Counts = attrs.field(factory=Counts)
    requests: int = 0
    points: int = 0
    resume_at: datetime | None = None
    continues: RunId | None = None
    closed_by: RunId | None = None
    message: str = ""
