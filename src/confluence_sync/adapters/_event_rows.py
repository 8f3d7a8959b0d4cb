"""Events as rows of a table, for the run logs that are kept in a database."""

from __future__ import annotations

import json
from typing import Any

import attrs

from ..documents import dump_event, load_event
from ..events import AnyEvent, PageFailed, RunFinished, RunStarted, SpaceFailed

__all__ = ["LoggedRun", "event_of", "event_row", "logged_run"]


@attrs.frozen
class LoggedRun:
    """A run of the log; `finished` is None while it is under way, and for ever if its process died."""

    started: RunStarted
    finished: RunFinished | None


def event_row(event: AnyEvent) -> dict[str, Any]:
    """Return an event by column; only the first event of a run names its connection."""
    return {
        "run_id": event.run_id,
        "seq": event.seq,
        "at": event.at.timestamp(),
        "connection_id": event.connection_id if isinstance(event, RunStarted) else None,
        "failed": isinstance(event, PageFailed | SpaceFailed),
        "document": json.dumps(dump_event(event)),
    }


def event_of(document: str) -> AnyEvent:
    """Return the event of a row."""
    return load_event(json.loads(document))


def logged_run(first: str, last: str) -> LoggedRun:
    """Return the run between two documents, its first event and its last one so far."""
    started, finished = event_of(first), event_of(last)
    if not isinstance(started, RunStarted):
        raise TypeError(f"not the start of a run: {started!r}")
    return LoggedRun(started, finished if isinstance(finished, RunFinished) else None)
