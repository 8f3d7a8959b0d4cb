"""Events as records of the standard library's logging."""

from __future__ import annotations

import logging
import re

import attrs

from ..documents import dump_event
from ..events import (
    AnyEvent,
    DeletionsHeld,
    FileKept,
    PageDeleted,
    PageFailed,
    PageMoved,
    PageSkipped,
    PagesListed,
    PageWritten,
    RunFinished,
    RunStarted,
    RunWarned,
    SpaceFailed,
    SpaceListed,
    SpacePlanned,
)
from ..models import Outcome

__all__ = ["LoggingLogSink", "describe"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
"""What a title could use to forge a line of a log, to command a terminal, or to break an encoder."""

_OUTCOME_LEVELS = {
    Outcome.SUCCEEDED: logging.INFO,
    Outcome.PARTIAL: logging.WARNING,
    Outcome.FAILED: logging.ERROR,
    Outcome.PAUSED: logging.WARNING,
    Outcome.CANCELLED: logging.WARNING,
}


class LoggingLogSink:
    """
    A `LogSink` onto a logger: one sentence per event.

    Failures are errors; what somebody should look at is a warning; progress is for debugging; the rest is
    information. Each record carries the event's document (`documents.dump_event`) as its attribute `event`, for
    handlers that write structured logs.

    Args:
        logger: A logger or its name.
    """

    def __init__(self, logger: logging.Logger | str = "confluence_sync") -> None:
        self._logger = logging.getLogger(logger) if isinstance(logger, str) else logger

    async def emit(self, event: AnyEvent) -> None:
        """Log one event; nothing is made of it if its level is off."""
        level = _level(event)
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", describe(event), extra={"event": dump_event(event)})


def _level(event: AnyEvent) -> int:
    match event:
        case PageFailed() | SpaceFailed():
            return logging.ERROR
        case FileKept() | DeletionsHeld() | PageSkipped() | RunWarned():
            return logging.WARNING
        case PagesListed():
            return logging.DEBUG
        case RunFinished():
            return _OUTCOME_LEVELS[event.outcome]
        case _:
            return logging.INFO


def describe(event: AnyEvent) -> str:
    """Return one sentence, on one line, for a person who reads a log."""
    return _CONTROL.sub(" ", _sentence(event))


def _sentence(event: AnyEvent) -> str:
    match event:
        case RunStarted():
            return f"Run {event.run_id} started: {event.mode}, {event.trigger}, spaces {', '.join(event.spaces)}"
        case PagesListed():
            return f"Space {event.space_key}: {event.pages} pages listed so far"
        case SpaceListed():
            how = "listed" if event.complete else "known, after asking for changes only"
            return f"Space {event.space_key}: {event.pages} pages {how}"
        case SpacePlanned():
            return (
                f"Space {event.space_key}: {event.writes} to write, {event.moves} to move, {event.deletes} to delete, "
                f"{event.unchanged} unchanged; about {event.requests} requests, {event.points} points"
            )
        case PageWritten():
            return f"Wrote {event.path} ({event.reason}, version {event.version})"
        case PageMoved():
            return f"Moved {event.previous_path} to {event.path}"
        case PageDeleted():
            return f"Deleted {event.path}: the page is gone"
        case PageSkipped():
            return f"Skipped {event.path}: {event.message}"
        case PageFailed():
            return f"Page {event.title!r} ({event.page_id}) failed: {event.kind}: {event.message}"
        case FileKept():
            return f"Kept the edits in {event.path} as {event.copy_path}"
        case DeletionsHeld():
            return f"Space {event.space_key}: held back {event.deletions} deletions of {event.managed} files"
        case SpaceFailed():
            return f"Space {event.space_id} failed: {event.kind}: {event.message}"
        case RunWarned():
            return event.message
        case RunFinished():
            counts = ", ".join(f"{number} {name}" for name, number in attrs.asdict(event.counts).items())
            cost = f"{event.requests} requests, {event.points} points"
            return (
                f"Run {event.run_id} {event.outcome}: {counts}; {cost}{f'. {event.message}' if event.message else ''}"
            )
