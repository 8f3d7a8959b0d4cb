"""What earlier runs wrote: the record of which files are ours, and of what they were made."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

import attrs

from ..models import AccountId, Page, PageId, PageLink, TreeSnapshot

__all__ = ["ChildList", "Claim", "LinkTarget", "Manifest", "ManifestEntry", "source_fingerprint"]


@attrs.frozen(kw_only=True)
class LinkTarget:
    """
    A page link of a file, and what stands in the file for it.

    Attributes:
        href: Relative address of the target's file; None if the link leads out of the folder. It is what was written,
            not where that was: so it tells whether the link is right wherever the file has been moved since.
        title: Title of the target, which links without a text of their own show; None as above.
    """

    link: PageLink
    href: str | None
    title: str | None = None


@attrs.frozen(kw_only=True)
class ChildList:
    """
    A list of child pages that stands in a file.

    Attributes:
        parent: Whose children; None for those of the page itself.
        digest: Of their addresses and titles as they stand in the file.
    """

    parent: PageLink | None
    digest: str


@attrs.frozen(kw_only=True)
class ManifestEntry:
    """
    One file of ours.

    Attributes:
        version: `version.number` of the page it was made of.
        source: Fingerprint of all remote values in it but the body, see `source_fingerprint`.
        digest: SHA-256 of its bytes, in hex.
        converter: Fingerprint of the converter that made it.
        links: Its links to pages, see `Atlas.link_target`.
        child_lists: Its lists of child pages, see `PageLinks.child_lists`.
        people: Its author and the users it mentions, with the display names that stand in it ("" for none).
    """

    page_id: PageId
    title: str
    path: str
    version: int
    source: str
    digest: str
    converter: str
    links: tuple[LinkTarget, ...] = ()
    child_lists: tuple[ChildList, ...] = ()
    people: tuple[tuple[AccountId, str], ...] = ()


@attrs.frozen
class Claim:
    """A path taken for a page before the first effect on it; what lies there may be ours, whole, old or not at all."""

    path: str
    page_id: PageId


@attrs.frozen
class Manifest:
    """
    The files of one mapping.

    Attributes:
        entries: By page id.
        claims: Open claims of runs that did not finish, by path. While there are any, content is written, not moved.
    """

    entries: Mapping[PageId, ManifestEntry] = attrs.field(factory=dict)
    claims: Mapping[str, Claim] = attrs.field(factory=dict)

    def paths(self) -> frozenset[str]:
        """Return all paths that are ours."""
        return frozenset(entry.path for entry in self.entries.values()).union(self.claims)


def source_fingerprint(page: Page, snapshot: TreeSnapshot) -> str:
    """Return a short digest of everything remote that goes into a page's file, standing in for its body the version."""
    values = (
        page.version,
        page.title,
        page.web_path,
        page.created_at,
        page.updated_at,
        page.author_id,
        snapshot.space.key,
        snapshot.space.name,
        snapshot.base_url,
    )
    return blake2b(ascii(values).encode(), digest_size=9).hexdigest()
