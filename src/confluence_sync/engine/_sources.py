"""Where an incremental run looks for changes: one search for all spaces, or a listing by date of change.

A search has a scope, limits and an index of its own: it may be refused, end early, or know of an edit only later. What
it says is therefore held against the latest edits, which come from the pages themselves; if it misses one of them, or
does not answer, pages are listed by date. Both speak the server's time, and no time zone is involved.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from math import ceil
from urllib.parse import quote

import attrs

from ..client import cql_quote
from ..errors import ClientError, RateLimitedError
from ..events import RunWarned
from ..models import ChangeSource, PageId, SpaceId
from ._context import RunContext
from ._extent import alone, concerns_all
from ._idle import progressing
from ._records import ChangedPage, SpaceRecord

__all__ = ["Changes", "find_changes", "known_versions"]

_WITNESSES = 10
"""Latest edits that a search has to know: every run pays a point for each."""
_SPACES = 100
"""Most spaces that one request lists by date."""
_LONGEST_KEYS = 3_000
"""Bytes of space keys in the address of a search; servers take about 8,000, and there are cursors to come."""
_AT_WORK = timedelta(seconds=60)
"""Edits younger than this need not be in the index of a search that works well."""
_LIMITS = (25, 100, 250)
"""Pages a request by date. Most often few have changed, and each costs a point; a cursor is good for one limit only."""
_MOST_FAILURES = 10
"""Listings in a row that may fail until it is clear that it is not single spaces that are not available."""


@attrs.define
class Changes:
    """
    Pages that may have changed.

    Attributes:
        pages: In the newest version that a source knows of.
        as_of: Time by the server's clock before which no change is missing.
        failed: Why some spaces could not be looked at.
    """

    pages: dict[PageId, ChangedPage] = attrs.field(factory=dict)
    as_of: datetime | None = None
    failed: dict[SpaceId, ClientError] = attrs.field(factory=dict)

    def add(self, pages: Iterable[ChangedPage]) -> None:
        """Take more pages in."""
        for page in pages:
            before = self.pages.get(page.page_id)
            if before is None or _newer(page, before):
                self.pages[page.page_id] = page


async def find_changes(run: RunContext, records: Sequence[SpaceRecord]) -> Changes:
    """
    Return the pages of some spaces that may have changed since the oldest of their watermarks.

    Searches leave archived spaces out, so those are listed by date.

    Raises:
        ClientError: What is wrong is wrong with the whole connection.
    """
    since = min(record.watermark for record in records if record.watermark is not None)
    since -= timedelta(seconds=run.options.overlap)
    wants_search = run.options.changes is ChangeSource.SEARCH
    searched = [record for record in records if wants_search and record.space.status == "current"]
    listed = [record for record in records if record not in searched]
    changes = Changes()
    if searched and (doubt := await _search(run, searched, since, changes)):
        await run.events.emit(RunWarned, message=f"{doubt}; pages are listed by date instead")
        listed = list(records)
    await _list_by_date(run, listed, since, changes)
    return changes


async def known_versions(
    run: RunContext, records: Sequence[SpaceRecord], page_ids: Iterable[PageId]
) -> dict[PageId, int]:
    """Return the versions of those of some pages that are in the trees."""
    known: dict[PageId, int] = {}
    for record in records:
        pages = await run.memory.pages(record, list(page_ids))
        known.update((page.id, page.version) for page in pages.values())
    return known


async def _search(run: RunContext, records: Sequence[SpaceRecord], since: datetime, changes: Changes) -> str:
    """Search, and return why that is not enough; "" if it is. The witnesses come first, the search gets more time."""
    witnesses = await alone(_latest_edits(run, records, changes))
    if isinstance(witnesses, ClientError):
        return f"search cannot be held against the latest edits ({witnesses})"
    try:
        hits = {page.page_id: page for page in await _hits(run, records, since)}
    except ClientError as error:
        if concerns_all(error) and not _is_burst(error):
            raise
        return f"search is not available ({error})"
    changes.add(hits.values())
    known = await known_versions(run, records, [page.page_id for page in witnesses])
    missed = [
        page
        for page in witnesses
        if _is_since(page, since)
        and (page.version or 0) > known.get(page.page_id, 0)
        and (page.page_id not in hits or _newer(page, hits[page.page_id]))
    ]
    settled = [page for page in missed if page.edited_at is not None and page.edited_at < run.server_now() - _AT_WORK]
    if settled:
        return f"search does not know the latest edit of page {settled[0].page_id} ({settled[0].title!r})"
    return "search knows none of the latest edits" if len(missed) >= _WITNESSES else ""


def _is_burst(error: ClientError) -> bool:
    """Whether it is only too much for the moment; searches have a limit of their own."""
    return isinstance(error, RateLimitedError) and not error.quota


async def _latest_edits(run: RunContext, records: Sequence[SpaceRecord], changes: Changes) -> list[ChangedPage]:
    witnesses: list[ChangedPage] = []
    for part in _parts(records):
        async for batch in run.client.recent_batches([record.space.id for record in part], limit=_WITNESSES):
            changes.as_of = changes.as_of or batch.served_at or run.clock.now()
            witnesses += map(ChangedPage.of, batch.items)
            break
    changes.add(witnesses)
    return witnesses


async def _hits(run: RunContext, records: Sequence[SpaceRecord], since: datetime) -> list[ChangedPage]:
    """Search with a window relative to the server's clock, the same for all answers."""
    minutes = max(1, ceil((run.server_now() - since).total_seconds() / 60))
    spaces = {record.space.key.casefold(): record.space.id for record in records}
    found: list[ChangedPage] = []
    for keys in _portions(cql_quote(record.space.key) for record in records):
        cql = f'space in ({keys}) and type = page and lastmodified >= now("-{minutes}m") order by lastmodified asc'
        async for batch in progressing(run.client.search_batches(cql), "search"):
            found += [
                ChangedPage(
                    page_id=hit.id,
                    space_id=spaces.get((hit.space_key or "").casefold(), records[0].space.id),
                    title=hit.title,
                    version=hit.version,
                    edited_at=hit.last_modified,
                )
                for hit in batch.items
                if hit.status == "current"
            ]
    return found


async def _list_by_date(run: RunContext, records: Sequence[SpaceRecord], since: datetime, changes: Changes) -> None:
    """List spaces together; where that fails in halves, so that a space that is not available fails alone."""
    left = deque(_parts(records))
    failures = 0
    while left:
        part = left.popleft()
        error = await alone(_list_part(run, part, since, changes))
        failures = failures + 1 if error else 0
        if error and len(part) > 1 and failures < _MOST_FAILURES:
            left.extendleft((part[len(part) // 2 :], part[: len(part) // 2]))
        elif error:
            changes.failed.update((record.space.id, error) for record in part)


async def _list_part(run: RunContext, part: Sequence[SpaceRecord], since: datetime, changes: Changes) -> None:
    """List some spaces together; where more has changed, begin anew with more pages a request."""
    for limit in _LIMITS:
        if await _walk_back(run, part, since, changes, limit=limit, once=limit < _LIMITS[-1]):
            return


async def _walk_back(
    run: RunContext, part: Sequence[SpaceRecord], since: datetime, changes: Changes, *, limit: int, once: bool
) -> bool:
    """Walk from the latest edit back, for one request or to the end; True if that is past the watermark."""
    batches = run.client.recent_batches([record.space.id for record in part], limit=limit)
    async for batch in progressing(batches, "the listing by date"):
        changes.as_of = changes.as_of or batch.served_at or run.clock.now()
        pages = [ChangedPage.of(page) for page in batch.items]
        changes.add(pages)
        if batch.next_cursor is None or not all(_is_since(page, since) for page in pages):
            return True
        if once:
            return False
    return True


def _newer(page: ChangedPage, than: ChangedPage) -> bool:
    """Whether a page is newer than as which it is known; if its version is not known, it has to be looked at anyway."""
    return than.version is not None and (page.version is None or page.version > than.version)


def _is_since(page: ChangedPage, since: datetime) -> bool:
    return page.edited_at is None or page.edited_at >= since


def _parts(records: Sequence[SpaceRecord]) -> Iterator[Sequence[SpaceRecord]]:
    for start in range(0, len(records), _SPACES):
        yield records[start : start + _SPACES]


def _portions(keys: Iterable[str]) -> Iterator[str]:
    """Yield lists of keys that an address holds."""
    portion: list[str] = []
    size = 0
    for key in keys:
        length = len(quote(f"{key},", safe=""))
        if portion and size + length > _LONGEST_KEYS:
            yield ",".join(portion)
            portion, size = [], 0
        portion.append(key)
        size += length
    yield ",".join(portion)
