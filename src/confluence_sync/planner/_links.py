"""Links between pages, resolved over the layouts of all mapped spaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from posixpath import commonprefix
from urllib.parse import quote

from ..models import AccountId, AttachmentLink, Page, PageId, PageLink, ResolvedLink, SpaceId
from ._layout import Layout
from ._manifest import ChildList, LinkTarget
from ._tree import numeric_order

__all__ = ["Atlas", "PageLinks", "relative_href"]

_MARKUP = {ord(character): f"%{ord(character):02X}" for character in ' %#?&<>()[]`*|"\\'}


def relative_href(source: str, target: str) -> str:
    """Return the link from one document to another, percent-encoded where Markdown or a URL would misread it."""
    steps, names = source.split("/")[:-1], target.split("/")
    shared = len(commonprefix([steps, names[:-1]]))
    return "/".join([".."] * (len(steps) - shared) + names[shared:]).translate(_MARKUP)


class Atlas:
    """The layouts of all mapped spaces together: which page a link means, and where its file is."""

    def __init__(self, layouts: Iterable[Layout] = ()) -> None:
        self._homes: dict[PageId, Layout] = {}
        self._titles: dict[str, dict[str, PageId]] = {}
        for layout in layouts:
            pages = layout.snapshot.pages
            self._homes.update(dict.fromkeys(pages, layout))
            by_id = sorted(pages, key=numeric_order, reverse=True)
            self._titles[layout.snapshot.space.key] = {pages[page_id].title: page_id for page_id in by_id}

    def find(self, link: PageLink, *, space_key: str) -> PageId | None:
        """Return the synced page that a link in a page of `space_key` means; None if it is not synced."""
        if link.page_id is not None:
            return link.page_id if link.page_id in self._homes else None
        return self._titles.get(link.space_key or space_key, {}).get(link.title or "")

    def home(self, page_id: PageId) -> SpaceId | None:
        """Return the space that a page is synced from; None if it is not synced."""
        layout = self._homes.get(page_id)
        return None if layout is None else layout.snapshot.space.id

    def path(self, page_id: PageId) -> str:
        """Return the path of a synced page."""
        return self._homes[page_id].paths[page_id]

    def link_target(self, link: PageLink, *, space_key: str, source: str) -> LinkTarget:
        """Return a link as it stands in a file written at `source`: what the manifest has to remember of it."""
        page_id = self.find(link, space_key=space_key)
        if page_id is None:
            return LinkTarget(link=link, href=None)
        return LinkTarget(link=link, href=relative_href(source, self.path(page_id)), title=self.page(page_id).title)

    def child_list(self, parent: PageLink | None, *, page_id: PageId, space_key: str, source: str) -> ChildList:
        """Return a list of children as it stands in the file of `page_id` written at `source`."""
        whose = page_id if parent is None else self.find(parent, space_key=space_key)
        children = [] if whose is None else self.children(whose)
        shown = [(relative_href(source, self.path(child)), self.page(child).title) for child in children]
        return ChildList(parent=parent, digest=blake2b(repr(shown).encode(errors="replace"), digest_size=9).hexdigest())

    def page(self, page_id: PageId) -> Page:
        """Return a synced page."""
        return self._homes[page_id].snapshot.pages[page_id]

    def children(self, page_id: PageId) -> list[PageId]:
        """Return the synced pages directly below a synced page, in order of title."""
        layout = self._homes[page_id]
        below = layout.tree.children.get(page_id, [])
        pages = layout.snapshot.pages
        found = [pages[PageId(node)] for node in below if PageId(node) in pages]
        return [page.id for page in sorted(found, key=lambda page: (page.title.casefold(), numeric_order(page.id)))]


class PageLinks:
    """A `LinkResolver` for one page: files by relative path, everything else by its address on the site."""

    def __init__(
        self, atlas: Atlas, page: Page, *, space_key: str, base_url: str, names: Mapping[AccountId, str]
    ) -> None:
        self._atlas = atlas
        self._page = page
        self._space_key = space_key
        self._base_url = base_url
        self._names = names
        self._parents: dict[PageLink | None, None] = {}

    def page(self, link: PageLink) -> ResolvedLink | None:
        """Return where a page is: its file, else its address on the site."""
        page_id = self._atlas.find(link, space_key=self._space_key)
        if page_id is not None:
            return self._file(page_id)
        if link.page_id is not None:
            return ResolvedLink(
                f"{self._base_url}/pages/viewpage.action?pageId={quote(link.page_id)}", link.title or ""
            )
        if link.title:
            key = quote(link.space_key or self._space_key, safe="~")
            return ResolvedLink(f"{self._base_url}/display/{key}/{_quote(link.title)}", link.title)
        return None

    def attachment(self, link: AttachmentLink) -> ResolvedLink | None:
        """Return the download address of an attachment; None for one of a page that is not synced."""
        page_id: PageId | None = self._page.id
        if link.page is not None:
            page_id = link.page.page_id or self._atlas.find(link.page, space_key=self._space_key)
        if page_id is None:
            return None
        href = f"{self._base_url}/download/attachments/{quote(page_id)}/{_quote(link.filename)}"
        return ResolvedLink(href, link.filename)

    def user(self, account_id: AccountId) -> str | None:
        """Return a display name, None if unknown or empty."""
        return self._names.get(account_id) or None

    def children(self, link: PageLink | None) -> Sequence[ResolvedLink] | None:
        """Return the synced child pages in order of title; None if the page is not synced."""
        self._parents[link] = None
        page_id = self._page.id if link is None else self._atlas.find(link, space_key=self._space_key)
        if page_id is None:
            return None
        return [self._file(child) for child in self._atlas.children(page_id)]

    def child_lists(self) -> tuple[ChildList, ...]:
        """Return the lists of children that were asked for so far: what the manifest has to remember of them."""
        source = self._atlas.path(self._page.id)
        return tuple(
            self._atlas.child_list(parent, page_id=self._page.id, space_key=self._space_key, source=source)
            for parent in self._parents
        )

    def _file(self, page_id: PageId) -> ResolvedLink:
        href = relative_href(self._atlas.path(self._page.id), self._atlas.path(page_id))
        return ResolvedLink(href, self._atlas.page(page_id).title, local=True)


def _quote(text: str) -> str:
    return quote(text.encode(errors="replace"), safe="")
