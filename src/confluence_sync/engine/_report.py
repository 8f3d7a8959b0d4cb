"""What became of a run, folded from its events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from ..errors import RunFailedError
from ..events import (
    AnyEvent,
    Counts,
    DeletionsHeld,
    PageDeleted,
    PageFailed,
    PageMoved,
    PageSkipped,
    PageWritten,
    RunFinished,
    RunStarted,
    RunWarned,
    SpaceFailed,
    SpaceListed,
    SpacePlanned,
)
from ..models import Outcome, RunId
from ._progress import Progress, advanced

__all__ = ["RunReport", "tally"]

_MOST_PAGES = 20
"""Of each kind that a summary names."""


def tally(counts: Counts, event: AnyEvent) -> Counts:
    """Return the counts of a run after one more event."""
    match event:
        case SpaceListed(pages=pages):
            return attrs.evolve(counts, listed=counts.listed + pages)
        case SpacePlanned(unchanged=unchanged):
            return attrs.evolve(counts, unchanged=counts.unchanged + unchanged)
        case PageWritten():
            return attrs.evolve(counts, written=counts.written + 1)
        case PageMoved():
            return attrs.evolve(counts, moved=counts.moved + 1)
        case PageSkipped():
            return attrs.evolve(counts, skipped=counts.skipped + 1)
        case PageFailed():
            return attrs.evolve(counts, failed=counts.failed + 1)
        case PageDeleted():
            return attrs.evolve(counts, deleted=counts.deleted + 1)
        case _:
            return counts


@attrs.define(kw_only=True)
class RunReport:
    """
    The fold of a run's events; final once `outcome` is set.

    Attributes:
        failures: Pages that did not land.
        skips: Pages whose files were left as they are, on purpose.
        problems: Spaces that could not be synced, and deletions that were held back.
        warnings: Sentences of `RunWarned`.
        conversions: How many written pages carry conversion warnings.
        error: What stopped a failed run, if it was not its spaces or pages.
        progress: How far the run has come, for a bar.
    """

    run_id: RunId
    outcome: Outcome | None = None
    counts: Counts = attrs.field(factory=Counts)
    failures: list[PageFailed] = attrs.field(factory=list)
    skips: list[PageSkipped] = attrs.field(factory=list)
    problems: list[SpaceFailed | DeletionsHeld] = attrs.field(factory=list)
    warnings: list[str] = attrs.field(factory=list)
    conversions: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    requests: int = 0
    points: int = 0
    resume_at: datetime | None = None
    message: str = ""
    error: BaseException | None = None
    progress: Progress = attrs.field(factory=Progress)

    def add(self, event: AnyEvent) -> None:
        """Take the next event in."""
        self.counts = tally(self.counts, event)
        self.progress = advanced(self.progress, event)
        match event:
            case RunStarted():
                self.started_at = event.at
            case PageWritten():
                self.conversions += bool(event.warnings)
            case PageFailed():
                self.failures.append(event)
            case PageSkipped():
                self.skips.append(event)
            case SpaceFailed() | DeletionsHeld():
                self.problems.append(event)
            case RunWarned():
                self.warnings.append(event.message)
            case RunFinished():
                self.outcome, self.counts, self.ended_at = event.outcome, event.counts, event.at
                self.requests, self.points = event.requests, event.points
                self.resume_at, self.message = event.resume_at, event.message
            case _:
                pass

    def raise_for_failures(self) -> None:
        """
        Raise unless the run succeeded.

        Raises:
            RunFailedError: With this report.
        """
        if self.outcome is not Outcome.SUCCEEDED:
            raise RunFailedError(self.summary(), report=self) from self.error

    def summary(self) -> str:
        """Return the run in a few lines for people."""
        counts = self.counts
        result = (
            f"{self.outcome or 'running'}: {counts.listed} pages listed; {counts.written} written, "
            f"{counts.moved} moved, {counts.unchanged} unchanged, {counts.skipped} skipped, {counts.failed} failed; "
            f"{counts.deleted} deleted ({self.requests} requests, {self.points} points)"
        )
        lines = [result]
        if self.message:
            lines.append(self.message)
        lines += [f"space {problem.space_id}: {_problem(problem)}" for problem in self.problems]
        lines += _first([f"failed: {page.title!r} ({page.kind}): {page.message}" for page in self.failures])
        lines += _first([f"skipped: {page.title!r}: {page.message}" for page in self.skips])
        lines += [f"warning: {warning}" for warning in self.warnings]
        if self.resume_at is not None:
            lines.append(f"may go on at {self.resume_at:%Y-%m-%d %H:%M:%S} UTC")
        return "\n".join(lines)


def _first(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _MOST_PAGES
    return [*lines[:_MOST_PAGES], *([f"... and {more} more of these pages"] if more > 0 else [])]


def _problem(problem: SpaceFailed | DeletionsHeld) -> str:
    match problem:
        case SpaceFailed():
            return f"{problem.message} ({problem.kind})"
        case DeletionsHeld():
            files = f"{problem.deletions} of {problem.managed} files"
            return f"{files} would be deleted; held back until {problem.token} is confirmed"
