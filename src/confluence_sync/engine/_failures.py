"""What fails or is left out alone: a page, or a space. The run goes on with the others."""

from __future__ import annotations

from ..errors import ConfluenceSyncError
from ..events import PageFailed, PageSkipped, SpaceFailed
from ..models import Page, SpaceId
from ._context import RunContext
from ._records import ChangedPage, Stage

__all__ = ["fail_page", "fail_space", "skip_page"]


async def fail_page(run: RunContext, page: Page | ChangedPage, path: str, error: ConfluenceSyncError) -> None:
    """Give a page up for this run; the next one tries it again. `path` is that of its file, "" if it has none."""
    await _give_up(run, page, PageFailed, path=path, kind=error.kind, message=str(error))


async def skip_page(run: RunContext, page: Page, path: str, message: str) -> None:
    """Leave the file of a page as it is, wherever it is; the next run looks at the page again."""
    await _give_up(run, page, PageSkipped, path=path, message=message)


async def _give_up(
    run: RunContext, page: Page | ChangedPage, event: type[PageFailed | PageSkipped], **facts: str
) -> None:
    page_id = page.id if isinstance(page, Page) else page.page_id
    run.state.failed_pages.add(page_id)
    await run.events.emit(event, space_id=page.space_id, page_id=page_id, title=page.title, **facts)


async def fail_space(run: RunContext, space_id: SpaceId, error: ConfluenceSyncError) -> None:
    """Give a space up for this run."""
    run.state.stages[space_id] = Stage.FAILED
    await run.events.emit(SpaceFailed, space_id=space_id, kind=error.kind, message=str(error))
