"""What fails or is left out alone: a page, or a space. The run goes on with the others."""

from __future__ import annotations

from ..errors import ConfluenceSyncError
from ..events import PageFailed, PageSkipped, SpaceFailed
from ..models import PageId, SpaceId
from ..planner import Plan
from ._context import RunContext
from ._records import ChangedPage, Stage

__all__ = ["fail_change", "fail_page", "fail_space", "skip_page"]


async def fail_page(run: RunContext, plan: Plan, page_id: PageId, path: str, error: ConfluenceSyncError) -> None:
    """Give a page up for this run; the next one tries it again."""
    run.state.failed_pages.add(page_id)
    snapshot = plan.layout.snapshot
    await run.events.emit(
        PageFailed,
        space_id=snapshot.space.id,
        page_id=page_id,
        title=snapshot.pages[page_id].title,
        path=path,
        kind=error.kind,
        message=str(error),
    )


async def skip_page(run: RunContext, plan: Plan, page_id: PageId, path: str, message: str) -> None:
    """Leave the file of a page as it is, wherever it is; the next run looks at the page again."""
    run.state.failed_pages.add(page_id)
    snapshot = plan.layout.snapshot
    await run.events.emit(
        PageSkipped,
        space_id=snapshot.space.id,
        page_id=page_id,
        title=snapshot.pages[page_id].title,
        path=path,
        message=message,
    )


async def fail_change(run: RunContext, page: ChangedPage, path: str, error: ConfluenceSyncError) -> None:
    """Give a page up that changed and could not be fetched; `path` is that of the file it has, "" if it has none."""
    run.state.failed_pages.add(page.page_id)
    await run.events.emit(
        PageFailed,
        space_id=page.space_id,
        page_id=page.page_id,
        title=page.title,
        path=path,
        kind=error.kind,
        message=str(error),
    )


async def fail_space(run: RunContext, space_id: SpaceId, error: ConfluenceSyncError) -> None:
    """Give a space up for this run."""
    run.state.stages[space_id] = Stage.FAILED
    await run.events.emit(SpaceFailed, space_id=space_id, kind=error.kind, message=str(error))
