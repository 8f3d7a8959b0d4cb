"""What every step of a run works with."""

from __future__ import annotations

from asyncio import Lock
from collections.abc import Sequence
from datetime import datetime

import attrs

from ..client import ConfluenceClient, Usage
from ..converter import ConvertOptions
from ..models import ChangeSource, SpaceId, SpaceMapping
from ..planner import Atlas, JointPlan, ManifestEntry
from ..protocols import VFS, Clock
from ._bodies import BodyFetcher
from ._events import EventStream
from ._guard import RunGuard
from ._lease import Lease
from ._memory import Memory
from ._people import People
from ._records import RunState

__all__ = ["EngineOptions", "RunContext"]

_MOST_TOGETHER = 50
_at_least_one = attrs.validators.ge(1)


@attrs.frozen(kw_only=True)
class EngineOptions:
    """
    How a run goes about its work.

    Attributes:
        listing_batch: Pages per request of a walk without bodies, at most 250.
        body_batch: Pages per request with bodies, at most 250.
        write_concurrency: Files written at once.
        step_requests: Requests after which a listing step ends.
        step_writes: Pages after which a step ends that fetches changes, moves, writes or deletes.
        lease: Seconds after which the lease of a dead run expires.
        changes: Where an incremental run looks for changes first.
        overlap: Seconds an incremental run looks back beyond the watermark; covers edits made while the last one
            looked, and the usual lag of the search index.
        reconcile_after: Seconds after which a scheduled incremental run lists a space in full, to see what no search
            shows: moves, deletions, restrictions. None: only full runs do.
        resume_walk_within: Seconds within which a broken walk or a paused run is gone on with, not started over.
        restart_below: Points. The run after a paused one that used fewer lists everything anew, since the site may have
            changed; after one that used more, an incremental one, or two in a row, it goes on where that stood.
        sink_grace: Seconds the log sink has to catch up at the end of a run.
        conversion: Options of the converter; an empty site URL is filled in from the listing, and what a mapping says
            goes first.
    """

    listing_batch: int = attrs.field(default=250, validator=[_at_least_one, attrs.validators.le(250)])
    body_batch: int = attrs.field(default=100, validator=[_at_least_one, attrs.validators.le(250)])
    write_concurrency: int = attrs.field(default=8, validator=_at_least_one)
    step_requests: int = attrs.field(default=50, validator=_at_least_one)
    step_writes: int = attrs.field(default=250, validator=_at_least_one)
    lease: float = 60.0
    changes: ChangeSource = ChangeSource.SEARCH
    overlap: float = 15 * 60.0
    reconcile_after: float | None = 24 * 3600.0
    resume_walk_within: float = 6 * 3600.0
    restart_below: int = 10_000
    sink_grace: float = 10.0
    conversion: ConvertOptions = attrs.field(factory=ConvertOptions)

    @property
    def fetch_batch(self) -> int:
        """Pages that are fetched by id, written and recorded together: what a killed run repeats at most."""
        return min(_MOST_TOGETHER, self.body_batch)

    def conversion_for(self, mapping: SpaceMapping) -> ConvertOptions:
        """Return the options of the converter for the pages of a mapping."""
        return self.conversion if mapping.tables is None else attrs.evolve(self.conversion, tables=mapping.tables)


@attrs.define(kw_only=True)
class RunContext:
    """
    The hands and the notes of one run in one process.

    Attributes:
        guard: Asked before every step, and told of the end.
        joint: Made by the planning step; made again from the store if another process takes over.
        digests: Of all files of ours, loaded when a file is met that is not what was written there.
        digests_lock: Held while they are loaded, so that files written at the same time share them.
        in_flight: The space and the entries of the files that are being written.
        fetcher: One for the whole run, so that the size of batch that works is found out once.
    """

    client: ConfluenceClient
    vfs: VFS
    memory: Memory
    clock: Clock
    options: EngineOptions
    events: EventStream
    people: People
    lease: Lease
    state: RunState
    guard: RunGuard | None = None
    joint: JointPlan | None = None
    digests: set[str] | None = None
    digests_lock: Lock = attrs.field(factory=Lock)
    in_flight: tuple[SpaceId, Sequence[ManifestEntry]] = (SpaceId(""), ())
    fetcher: BodyFetcher = attrs.field(init=False)
    _counted: Usage = attrs.field(init=False)

    @fetcher.default
    def _for_all_spaces(self) -> BodyFetcher:
        return BodyFetcher(self.client, most=self.options.body_batch)

    @_counted.default
    def _used_before(self) -> Usage:
        return attrs.evolve(self.client.usage)

    @property
    def atlas(self) -> Atlas:
        """Where the pages of all spaces are, once it is planned."""
        return Atlas() if self.joint is None else self.joint.atlas

    def is_needed(self, path: str) -> bool:
        """Whether a path is a page's place by the plan of any space."""
        return self.joint is not None and path in self.joint.places

    def server_now(self) -> datetime:
        """Return the time by the server's clock; by ours as long as it has not answered in this process."""
        return self.client.server_time or self.clock.now()

    def count_usage(self) -> None:
        """Add the requests and points since the last time to the run's."""
        now = attrs.evolve(self.client.usage)
        self.state.requests += now.requests - self._counted.requests
        self.state.points += now.points - self._counted.points
        self._counted = now

    def mapping(self, space_id: SpaceId) -> SpaceMapping:
        """Return the mapping of a space of this run."""
        return next(mapping for mapping in self.state.mappings if mapping.space_id == space_id)
