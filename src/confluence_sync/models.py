"""The values that the stages share: remote nouns, mappings, links and warnings. All frozen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NewType

import attrs

__all__ = [
    "AccountId",
    "AttachmentLink",
    "ChangeSource",
    "ConnectionId",
    "ConnectionStatus",
    "Container",
    "ContentId",
    "ConversionWarning",
    "DeletionPolicy",
    "LocalEditPolicy",
    "Outcome",
    "Page",
    "PageBody",
    "PageId",
    "PageLink",
    "Reason",
    "ResolvedLink",
    "RunId",
    "RunMode",
    "Space",
    "SpaceId",
    "SpaceMapping",
    "TableStyle",
    "TreeSnapshot",
    "Trigger",
    "User",
    "WorkspaceId",
]

WorkspaceId = NewType("WorkspaceId", str)
"""The host's own name for one of its tenants, which has at most one connection."""
ConnectionId = NewType("ConnectionId", str)
RunId = NewType("RunId", str)
SpaceId = NewType("SpaceId", str)
ContentId = NewType("ContentId", str)
"""Id of anything in the tree: a page, folder, whiteboard, database or smart link. Decimal digits."""
PageId = ContentId
"""Id of a page; pages share one range of numbers with everything else in the tree."""
AccountId = NewType("AccountId", str)


@attrs.frozen(kw_only=True)
class Space:
    """
    A space as `GET /spaces/{id}` gives it.

    `type` and `status` are open sets (`global`, `personal`, ...; `current`, `archived`), so they stay strings.
    """

    id: SpaceId
    key: str
    name: str
    type: str = "global"
    status: str = "current"
    homepage_id: PageId | None = None


@attrs.frozen(kw_only=True)
class Page:
    """
    One page without its body, as the v2 listing gives it (`PageBulk`).

    Attributes:
        parent_id: Id of the parent, None at the top of the space.
        parent_type: `page`, `folder`, `whiteboard`, `database`, `embed`, or None.
        version: `version.number`; rises with every edit of body or title.
        created_at: `createdAt`, UTC.
        updated_at: `version.createdAt`, UTC.
        author_id: `authorId`, the account that created the page.
        web_path: `_links.webui`, relative to the base URL of the site.
        subtype: `live` for live docs, else None.
    """

    id: PageId
    space_id: SpaceId
    title: str
    status: str = "current"
    parent_id: ContentId | None = None
    parent_type: str | None = None
    version: int = 1
    created_at: datetime | None = None
    updated_at: datetime | None = None
    author_id: AccountId | None = None
    web_path: str = ""
    subtype: str | None = None


@attrs.frozen(kw_only=True)
class PageBody:
    """A page with its storage-format XHTML (`body.storage.value`) of the same version."""

    page: Page
    storage: str


@attrs.frozen(kw_only=True)
class Container:
    """
    A parent that is not a current page of the listing: folder, whiteboard, database, smart link, archived page.

    Whatever answers by its id counts, also from the trash: what was left below it stays where it was.
    """

    id: ContentId
    type: str
    title: str
    parent_id: ContentId | None = None
    parent_type: str | None = None


@attrs.frozen(kw_only=True)
class User:
    """A user as `POST /users-bulk` gives it; a deleted account has an empty name."""

    account_id: AccountId
    display_name: str = ""


@attrs.frozen(kw_only=True)
class TreeSnapshot:
    """
    The pages of one space as listed at one time, without bodies.

    Attributes:
        pages: Current pages by id.
        containers: Parents that are not among the pages, by id; a parent that could not be read is in neither.
        complete: True only if the walk ended because there was no next cursor. What is not in an incomplete
            snapshot may still exist.
        base_url: Base of the human addresses, `https://site.atlassian.net/wiki` (`_links.base`).
    """

    space: Space
    pages: Mapping[PageId, Page]
    containers: Mapping[ContentId, Container] = attrs.field(factory=dict)
    complete: bool
    base_url: str


class DeletionPolicy(StrEnum):
    """What happens to the file of a page that is proven gone."""

    DELETE = "delete"
    KEEP = "keep"


class LocalEditPolicy(StrEnum):
    """What happens to a file of ours that somebody edited by hand, before it is overwritten or deleted."""

    KEEP_COPY = "keep_copy"
    OVERWRITE = "overwrite"


class TableStyle(StrEnum):
    """
    How tables are written that lose structure as Markdown: those with spans, or with lists, code, panels... in cells.

    `MARKDOWN` puts empty cells where one spans others, and joins blocks by `<br>`; `HTML` writes such a table as HTML
    with Markdown in its cells. All other tables are Markdown either way.
    """

    MARKDOWN = "markdown"
    HTML = "html"


@attrs.frozen(kw_only=True)
class SpaceMapping:
    """
    "This space goes into this folder", with its options.

    Attributes:
        space_id: The space; ids never change, keys may.
        folder: Folder in the VFS in which the space's own folder appears; "" is the top. Relative, POSIX, NFC.
        max_delete_share: Fraction (0 to 1) of the managed files that one run may delete...
        max_delete_files: ...once more than this many files would go.
        tables: How tables are written that lose structure as Markdown; None leaves it to the options of the converter.
            A change writes the files of the space again.
    """

    space_id: SpaceId
    folder: str = ""
    deletions: DeletionPolicy = DeletionPolicy.DELETE
    local_edits: LocalEditPolicy = LocalEditPolicy.KEEP_COPY
    max_delete_share: float = attrs.field(default=0.2, validator=[attrs.validators.ge(0), attrs.validators.le(1)])
    max_delete_files: int = attrs.field(default=10, validator=attrs.validators.ge(0))
    tables: TableStyle | None = None


class Reason(StrEnum):
    """Why an action is in a plan."""

    NEW = "new"
    CHANGED = "changed"
    MOVED = "moved"
    LINK_TARGET_MOVED = "link target moved"
    CONVERTER_CHANGED = "converter changed"
    FILE_MISSING = "file missing"
    INTERRUPTED = "interrupted"
    REBUILD = "rebuild"
    GONE = "gone"
    UNCHANGED = "unchanged"


class RunMode(StrEnum):
    """
    How a run looks for changes.

    `FULL` lists every page, `INCREMENTAL` asks only for what changed since the watermark and, if it is scheduled, lists
    in full what was not for a day, `REBUILD` lists every page and writes every file again.
    """

    FULL = "full"
    INCREMENTAL = "incremental"
    REBUILD = "rebuild"


class ChangeSource(StrEnum):
    """
    Where an incremental run looks for changes.

    `SEARCH` asks one CQL query for all spaces and checks the answer against the latest edits; `LISTING` lists pages by
    date of change, which needs neither a search scope nor an index.
    """

    SEARCH = "search"
    LISTING = "listing"


class Trigger(StrEnum):
    """Who started a run: a person, who waits for it, or a schedule."""

    MANUAL = "manual"
    SCHEDULED = "scheduled"


class Outcome(StrEnum):
    """How a run ended. A run that saw only a part of a space never `SUCCEEDED`."""

    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class ConnectionStatus(StrEnum):
    """
    Where a connection is in its life.

    `CONNECTING`: consent was given, no site is chosen yet. `ACTIVE`: runs go. `DISABLED`: somebody paused it.
    `REAUTHORIZATION_REQUIRED`: the grant is gone, runs wait for the user; files and mappings stay.
    """

    CONNECTING = "connecting"
    ACTIVE = "active"
    DISABLED = "disabled"
    REAUTHORIZATION_REQUIRED = "reauthorization_required"


@attrs.frozen
class PageLink:
    """
    A link to a page as the storage format spells it: by id, or by title within a space.

    Attributes:
        page_id: From a Confluence URL; None for `ri:page`.
        title: `ri:content-title`.
        space_key: `ri:space-key`; None means the space of the page that holds the link.
    """

    page_id: PageId | None = None
    title: str | None = None
    space_key: str | None = None


@attrs.frozen
class AttachmentLink:
    """A link to an attachment (`ri:attachment`); `page` is None for the page that holds the link."""

    filename: str
    page: PageLink | None = None


@attrs.frozen
class ResolvedLink:
    """
    Where a link leads.

    Attributes:
        href: A relative path from the folder of the linking file (percent-encoded), or an absolute URL.
        title: Title of the target, for links without a text of their own.
        local: True if `href` is a relative path to a synced Markdown file.
    """

    href: str
    title: str = ""
    local: bool = False


@attrs.frozen(kw_only=True)
class ConversionWarning:
    """
    Something of the page that its Markdown does not carry.

    Attributes:
        kind: What happened, a stable word such as `unknown_macro`, `dynamic_macro`, `unresolved_link`, `malformed`.
        name: The macro, element or target it is about.
        count: How often.
        heading: Text of the nearest heading above the first occurrence, "" before the first heading.
    """

    kind: str
    name: str
    count: int = 1
    heading: str = ""
