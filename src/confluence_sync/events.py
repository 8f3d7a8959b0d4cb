"""Facts about a run, in the order in which they happened. Nothing reads them to decide."""

from __future__ import annotations

from datetime import datetime

import attrs

from .errors import ErrorKind
from .models import (
    ConnectionId,
    ConversionWarning,
    Outcome,
    PageId,
    Reason,
    RunId,
    RunMode,
    SpaceId,
    Trigger,
)

__all__ = [
    "AnyEvent",
    "Counts",
    "DeletionsHeld",
    "FileKept",
    "PageDeleted",
    "PageFailed",
    "PageMoved",
    "PageSkipped",
    "PageWritten",
    "PagesListed",
    "RunFinished",
    "RunStarted",
    "RunWarned",
    "SpaceFailed",
    "SpaceListed",
    "SpacePlanned",
    "SyncEvent",
]


@attrs.frozen(kw_only=True)
class Counts:
    """
    How the pages of a run fared: `listed = written + moved + unchanged + skipped + failed`.

    A page that is moved and written again counts as written. `deleted` are files of pages that are gone, which are
    not among the listed ones.
    """

    listed: int = 0
    written: int = 0
    moved: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    deleted: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in attrs.fields_dict(Counts)})

    @property
    def handled(self) -> int:
        """Pages of which it is known how they fared; equals `listed` at the end of every finished run."""
        return self.written + self.moved + self.unchanged + self.skipped + self.failed


@attrs.frozen(kw_only=True)
class SyncEvent:
    """
    Base of all events.

    Attributes:
        run_id: The run it belongs to.
        seq: 1, 2, 3... within the run, without gaps.
        at: When, UTC.
    """

    run_id: RunId
    seq: int
    at: datetime


@attrs.frozen(kw_only=True)
class RunStarted(SyncEvent):
    """A run has the lease and begins; `continues` is the paused run that it goes on with, where that stood."""

    connection_id: ConnectionId
    trigger: Trigger
    mode: RunMode
    spaces: tuple[SpaceId, ...]
    continues: RunId | None = None


@attrs.frozen(kw_only=True)
class PagesListed(SyncEvent):
    """Progress of a walk: how many pages of the space have been listed so far."""

    space_id: SpaceId
    space_key: str
    pages: int


@attrs.frozen(kw_only=True)
class SpaceListed(SyncEvent):
    """The tree of a space is known; not `complete` if only changes were asked for, so that absence means nothing."""

    space_id: SpaceId
    space_key: str
    space_name: str
    pages: int
    complete: bool


@attrs.frozen(kw_only=True)
class SpacePlanned(SyncEvent):
    """What will be done for a space: numbers of actions, and the estimated cost of fetching."""

    space_id: SpaceId
    space_key: str
    writes: int
    moves: int
    deletes: int
    unchanged: int
    requests: int
    points: int


@attrs.frozen(kw_only=True)
class PageWritten(SyncEvent):
    """A page's file was created or replaced; `previous_path` is set if it was elsewhere before."""

    space_id: SpaceId
    page_id: PageId
    title: str
    path: str
    version: int
    reason: Reason
    previous_path: str | None = None
    warnings: tuple[ConversionWarning, ...] = ()


@attrs.frozen(kw_only=True)
class PageMoved(SyncEvent):
    """A page's file was moved; its content is the same."""

    space_id: SpaceId
    page_id: PageId
    title: str
    path: str
    previous_path: str


@attrs.frozen(kw_only=True)
class PageDeleted(SyncEvent):
    """The file of a page that is proven gone was deleted."""

    space_id: SpaceId
    page_id: PageId
    title: str
    path: str


@attrs.frozen(kw_only=True)
class PageSkipped(SyncEvent):
    """A listed page was left as it is, on purpose; `message` says why."""

    space_id: SpaceId
    page_id: PageId
    title: str
    path: str
    message: str


@attrs.frozen(kw_only=True)
class PageFailed(SyncEvent):
    """
    One page did not land; the next run tries it again. `message` holds the provider's own words.

    `path` is "" if it is not known yet where the page belongs.
    """

    space_id: SpaceId
    page_id: PageId
    title: str
    path: str
    kind: ErrorKind
    message: str


@attrs.frozen(kw_only=True)
class FileKept(SyncEvent):
    """
    A file that somebody edited by hand was copied to `copy_path` before its own path was written or deleted.

    The same goes for a file that somebody put where the file of a page belongs.
    """

    space_id: SpaceId
    page_id: PageId
    path: str
    copy_path: str


@attrs.frozen(kw_only=True)
class DeletionsHeld(SyncEvent):
    """More files would be deleted than the mapping allows; none was."""

    space_id: SpaceId
    space_key: str
    deletions: int
    managed: int


@attrs.frozen(kw_only=True)
class SpaceFailed(SyncEvent):
    """A space could not be listed or planned; its files are untouched and the other spaces go on."""

    space_id: SpaceId
    kind: ErrorKind
    message: str


@attrs.frozen(kw_only=True)
class RunWarned(SyncEvent):
    """Something the host should know that is no failure of a page."""

    message: str


@attrs.frozen(kw_only=True)
class RunFinished(SyncEvent):
    """
    The last event of every run.

    Attributes:
        counts: Over all spaces of the run.
        requests: HTTP requests made.
        points: Estimated points of Atlassian's hourly quota used (1 per request + 1 per object, 2 per user).
        resume_at: When a paused run may go on, UTC.
        message: Why the run failed or paused, in a sentence; "" otherwise.
    """

    outcome: Outcome
    counts: Counts
    requests: int
    points: int
    resume_at: datetime | None = None
    message: str = ""


AnyEvent = (
    RunStarted
    | PagesListed
    | SpaceListed
    | SpacePlanned
    | PageWritten
    | PageMoved
    | PageDeleted
    | PageSkipped
    | PageFailed
    | FileKept
    | DeletionsHeld
    | SpaceFailed
    | RunWarned
    | RunFinished
)
