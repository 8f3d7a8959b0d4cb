"""One page body becomes the bytes of one file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

import attrs

from ..converter import Conversion, ConvertOptions, convert, render_document
from ..models import AccountId, Page, PageBody, TreeSnapshot
from ..planner import Atlas, ManifestEntry, PageLinks, source_fingerprint

__all__ = ["PageFile", "page_metadata", "render_page"]

_LARGE = 200_000
"""Characters of a body from which on it is converted off the event loop."""


@attrs.frozen(kw_only=True)
class PageFile:
    """The file of a page, not yet written; `data` is None if the file that is there stays as it is."""

    data: bytes | None
    metadata: Mapping[str, object]
    entry: ManifestEntry
    conversion: Conversion


async def render_page(
    body: PageBody,
    path: str,
    *,
    tree: TreeSnapshot,
    atlas: Atlas,
    names: Mapping[AccountId, str],
    options: ConvertOptions,
) -> PageFile:
    """Convert a page for a path, its links resolved as of the plan."""
    page, space = body.page, tree.space
    converter = options.fingerprint
    if not options.site_url:
        options = attrs.evolve(options, site_url=tree.base_url)
    links = PageLinks(atlas, page, space_key=space.key, base_url=tree.base_url, names=names)
    if len(body.storage) > _LARGE:
        conversion = await asyncio.to_thread(convert, body.storage, resolver=links, options=options)
    else:
        conversion = convert(body.storage, resolver=links, options=options)
    metadata = page_metadata(page, tree, names)
    data = render_document(metadata, conversion.markdown)
    entry = ManifestEntry(
        page_id=page.id,
        title=page.title,
        path=path,
        version=page.version,
        source=source_fingerprint(page, tree),
        digest=sha256(data).hexdigest(),
        converter=converter,
        links=tuple(atlas.link_target(link, space_key=space.key, source=path) for link in conversion.links),
        child_lists=links.child_lists(),
        people=tuple((user, names.get(user, "")) for user in sorted(_people(page, conversion))),
    )
    return PageFile(data=data, metadata=metadata, entry=entry, conversion=conversion)


def _people(page: Page, conversion: Conversion) -> set[AccountId]:
    """Return the users whose names stand in a page's file."""
    return {*conversion.mentions, *([page.author_id] if page.author_id is not None else [])}


def page_metadata(page: Page, tree: TreeSnapshot, names: Mapping[AccountId, str]) -> dict[str, object]:
    """Return the front matter of a page's file, in the order in which it is written."""
    metadata: dict[str, object] = {
        "title": page.title,
        "source_url": f"{tree.base_url}{page.web_path or f'/pages/viewpage.action?pageId={page.id}'}",
        "space": tree.space.key,
        "page_id": page.id,
        "version": page.version,
    }
    if page.created_at is not None:
        metadata["created_at"] = _timestamp(page.created_at)
    if page.updated_at is not None:
        metadata["updated_at"] = _timestamp(page.updated_at)
    if page.author_id is not None and names.get(page.author_id):
        metadata["author"] = names[page.author_id]
    return metadata


def _timestamp(at: datetime) -> str:
    """As the API writes it: UTC, milliseconds, `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
