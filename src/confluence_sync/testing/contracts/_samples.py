"""One event of every type, with values that are hard to keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from ...errors import ErrorKind
from ...events import (
    AnyEvent,
    Counts,
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
from ...models import (
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

__all__ = ["sample_run"]

_START = datetime(2026, 1, 5, 9, 0, 0, 123456, tzinfo=UTC)
_TITLE = "Ünïcode 🗺️ {braces} %s \"quotes\" <b> \\ 'end' 'й'"
_WARNING = ConversionWarning(kind="unknown_macro", name="gliffy", count=2, heading="Overview")


def sample_run(run_id: RunId, connection_id: ConnectionId = ConnectionId("connection")) -> list[AnyEvent]:  # noqa: B008 - a string
    """Return the events of a run in which everything happened, in order."""
    stamp: dict[str, Any] = {"run_id": run_id, "seq": 1, "at": _START}
    space, key, page, path = SpaceId("98305"), "DOCS", PageId("65537"), "docs/Ünïcode 🗺️.md"
    events: list[AnyEvent] = [
        RunStarted(**stamp, connection_id=connection_id, trigger=Trigger.MANUAL, mode=RunMode.FULL, spaces=(space,)),
        PagesListed(**stamp, space_id=space, space_key=key, pages=250),
        SpaceListed(**stamp, space_id=space, space_key=key, space_name=_TITLE, pages=300, complete=True),
        SpacePlanned(
            **stamp, space_id=space, space_key=key, writes=3, moves=1, deletes=1, unchanged=295, requests=4, points=7
        ),
        PageWritten(
            **stamp,
            space_id=space,
            page_id=page,
            title=_TITLE,
            path=path,
            version=7,
            reason=Reason.CHANGED,
            previous_path="old.md",
            warnings=(_WARNING, _WARNING),
        ),
        PageMoved(**stamp, space_id=space, page_id=page, title=_TITLE, path=path, previous_path="old.md"),
        PageSkipped(**stamp, space_id=space, page_id=page, title=_TITLE, path=path, message="on purpose"),
        PageFailed(
            **stamp,
            space_id=space,
            page_id=page,
            title=_TITLE,
            path=path,
            kind=ErrorKind.TIMEOUT,
            message="line one\nline two\x00\x1b[31m" + "x" * 5000,
        ),
        FileKept(**stamp, space_id=space, page_id=page, path=path, copy_path="copy.md"),
        DeletionsHeld(**stamp, space_id=space, space_key=key, deletions=90, managed=100),
        PageDeleted(**stamp, space_id=space, page_id=page, title="", path=path),
        SpaceFailed(**stamp, space_id=space, kind=ErrorKind.PERMISSION_DENIED, message=_TITLE),
        RunWarned(**stamp, message=_TITLE),
        RunFinished(
            **stamp,
            outcome=Outcome.PAUSED,
            counts=Counts(listed=300, written=3, unchanged=296, failed=1),
            requests=9,
            points=309,
            resume_at=_START + timedelta(hours=1),
            message="quota",
        ),
    ]
    return [
        attrs.evolve(event, seq=number, at=_START + timedelta(seconds=number))
        for number, event in enumerate(events, start=1)
    ]
