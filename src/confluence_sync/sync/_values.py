"""What `ConfluenceSync` hands out besides the values of the other stages."""

from __future__ import annotations

import attrs

from ..client import AccessibleResource
from ..connections import Connection
from ..engine import RunRecord
from ..errors import ErrorKind
from ..events import DeletionsHeld, SpaceFailed
from ..models import ConversionWarning, PageId, Reason, Space, SpaceId, WorkspaceId

__all__ = ["Authorization", "Disconnected", "PageDetail", "RunDetail", "SpaceChoice"]


@attrs.frozen(kw_only=True)
class Authorization:
    """
    What came of a consent.

    Attributes:
        sites: Confluence sites that the grant reaches, by name; the user chooses one, their order means nothing.
        connection: `CONNECTING` until a site is chosen; as it was before, and `ACTIVE`, if it was authorized again.
    """

    workspace: WorkspaceId
    sites: tuple[AccessibleResource, ...]
    connection: Connection


@attrs.frozen(kw_only=True)
class SpaceChoice:
    """
    A space that the user may map.

    Attributes:
        personal: Whether it is somebody's own; hosts may want to ask before they map it.
        archived: Whether it is archived; it can be mapped all the same.
        mapped_to: Folder of its mapping, None if it has none.
    """

    space: Space
    personal: bool
    archived: bool
    mapped_to: str | None


@attrs.frozen(kw_only=True)
class Disconnected:
    """
    What is left after a connection was deleted.

    Attributes:
        folders: Where files of it are; they are the host's from now on.
        steps: What the user still has to do, as sentences: Atlassian lets nobody else take a consent back.
    """

    folders: tuple[str, ...]
    steps: tuple[str, ...]


@attrs.frozen(kw_only=True)
class PageDetail:
    """
    What a run did about one page.

    Attributes:
        what: `written`, `moved`, `deleted`, `skipped`, `failed`, or `kept` for a copy of a file edited by hand.
        why: Reason of a write.
        path: Of its file; "" if it is not known yet where the page belongs.
        previous_path: Where it was before; of a copy that was kept, the file that it is of.
        kind: What kind of failure it was.
        message: Why it failed or was skipped, with the provider's own words.
        warnings: What the Markdown does not carry.
    """

    space_id: SpaceId
    page_id: PageId
    title: str
    what: str
    path: str
    why: Reason | None = None
    previous_path: str | None = None
    kind: ErrorKind | None = None
    message: str = ""
    warnings: tuple[ConversionWarning, ...] = ()


@attrs.frozen(kw_only=True)
class RunDetail:
    """
    One run, opened.

    Attributes:
        pages: What was done about pages, those that failed first; unchanged pages are only counted, in the record.
        problems: Spaces that failed, and deletions that were held back.
        warnings: What else a host should know.
        truncated: Whether there are more pages than were asked for.
    """

    record: RunRecord
    pages: tuple[PageDetail, ...] = ()
    problems: tuple[SpaceFailed | DeletionsHeld, ...] = ()
    warnings: tuple[str, ...] = ()
    truncated: bool = False
