"""A run of the log, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import attrs

from ..engine import RunRecord
from ..events import (
    AnyEvent,
    DeletionsHeld,
    FileKept,
    PageDeleted,
    PageFailed,
    PageMoved,
    PageSkipped,
    PageWritten,
    RunWarned,
    SpaceFailed,
)
from ._values import PageDetail, RunDetail

__all__ = ["run_detail"]


async def run_detail(record: RunRecord, events: AsyncIterator[AnyEvent], *, limit: int) -> RunDetail:
    """Fold the events of a run, failures first, into what a host shows of it."""
    pages: list[PageDetail] = []
    problems: list[SpaceFailed | DeletionsHeld] = []
    warnings: list[str] = []
    truncated = False
    async for event in events:
        match event:
            case SpaceFailed() | DeletionsHeld():
                problems.append(event)
            case RunWarned():
                warnings.append(event.message)
            case _ if page := _page(event):
                truncated = truncated or len(pages) >= limit
                if not truncated:
                    pages.append(page)
    return RunDetail(
        record=record, pages=tuple(pages), problems=tuple(problems), warnings=tuple(warnings), truncated=truncated
    )


def _page(event: AnyEvent) -> PageDetail | None:
    """Return what an event tells of a page, None if it is about something else."""
    match event:
        case PageWritten():
            page = _detail(event, "written")
            return attrs.evolve(page, why=event.reason, previous_path=event.previous_path, warnings=event.warnings)
        case PageMoved():
            return attrs.evolve(_detail(event, "moved"), previous_path=event.previous_path)
        case PageDeleted():
            return _detail(event, "deleted")
        case PageSkipped():
            return attrs.evolve(_detail(event, "skipped"), message=event.message)
        case PageFailed():
            return attrs.evolve(_detail(event, "failed"), kind=event.kind, message=event.message)
        case FileKept(space_id=space_id, page_id=page_id, copy_path=copy, path=path):
            return PageDetail(space_id=space_id, page_id=page_id, title="", what="kept", path=copy, previous_path=path)
        case _:
            return None


def _detail(event: PageWritten | PageMoved | PageDeleted | PageSkipped | PageFailed, what: str) -> PageDetail:
    return PageDetail(space_id=event.space_id, page_id=event.page_id, title=event.title, what=what, path=event.path)
