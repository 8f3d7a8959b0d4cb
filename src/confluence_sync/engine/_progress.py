"""How far a run has come, for a bar: folded from its events."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ..events import (
    AnyEvent,
    PageDeleted,
    PageFailed,
    PageMoved,
    PageSkipped,
    PagesListed,
    PageWritten,
    RunFinished,
    SpaceListed,
    SpacePlanned,
)
from ..models import SpaceId
from ._records import Phase

__all__ = ["Progress", "advanced"]


@attrs.frozen(kw_only=True)
class Progress:
    """
    How far a run has come.

    While pages are listed nobody knows how many there are; once it is planned, there is an end to count towards.

    Attributes:
        phase: `LIST`, then `WRITE` and `DELETE`, at last `DONE`.
        done: Pages listed so far, from the plan on files brought up to date.
        total: Files to bring up to date; None until that is planned.
    """

    phase: Phase = Phase.PREPARE
    done: int = 0
    total: int | None = None
    _listed: Mapping[SpaceId, int] = attrs.field(factory=dict, repr=False)

    @property
    def share(self) -> float | None:
        """`done` as a fraction of `total`, from 0 to 1; None as long as there is no total."""
        if self.total is None:
            return None
        return min(1.0, self.done / self.total) if self.total else float(self.phase is Phase.DONE)


def advanced(progress: Progress, event: AnyEvent) -> Progress:
    """Return the progress after one more event."""
    match event:
        case PagesListed(space_id=space_id, pages=pages) | SpaceListed(space_id=space_id, pages=pages):
            listed = {**progress._listed, space_id: pages}  # noqa: SLF001 - the fold of this very class
            return Progress(phase=Phase.LIST, done=sum(listed.values()), listed=listed)
        case SpacePlanned():
            total = event.writes + event.moves + event.deletes
            return Progress(phase=Phase.WRITE, total=(progress.total or 0) + total)
        case PageWritten() | PageMoved() | PageFailed() | PageSkipped() | PageDeleted():
            return _one_more(progress, event)
        case RunFinished():
            return attrs.evolve(progress, phase=Phase.DONE)
        case _:
            return progress


def _one_more(progress: Progress, event: AnyEvent) -> Progress:
    if progress.total is None:  # a page that failed before there was a plan
        return progress
    phase = Phase.DELETE if isinstance(event, PageDeleted) else progress.phase
    return attrs.evolve(progress, phase=phase, done=min(progress.done + 1, progress.total))
