"""Links as Markdown: where a reference leads, and what has been linked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple
from urllib.parse import quote, unquote

import attrs

from ..models import AccountId, AttachmentLink, PageLink, ResolvedLink
from ..protocols import LinkResolver
from ._anchors import Anchors, slug
from ._escape import escape_label, squeeze
from ._flow import Flow, LineFlow
from ._lines import render_line
from ._pieces import Piece
from ._references import Reference, UrlLink, UserLink, browse_address, encode_href, is_safe, page_of_address

__all__ = ["Links", "Target", "is_text", "write_anchor", "write_image", "write_link"]

_AUTOLINK = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\\]*")
_MAIL_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


class Target(NamedTuple):
    """Where a link leads (`href` is "" if that cannot be told), and a text for links that have none."""

    href: str = ""
    text: str = ""


class Links:
    """
    Finds the targets of links and remembers all that were met, in order.

    Attributes:
        pages, attachments, mentions: What was linked, whether or not it could be resolved.
        page: The included page that is being read; None for the page itself.
    """

    def __init__(self, resolver: LinkResolver | None, site_url: str, warn: Callable[[str, str], None]) -> None:
        self.pages: dict[PageLink, None] = {}
        self.attachments: dict[AttachmentLink, None] = {}
        self.mentions: dict[AccountId, None] = {}
        self.resolver = resolver
        self.site_url = site_url
        self.page: PageLink | None = None
        self._elsewhere: PageLink | None = None
        """The included page of which only a part is here: its other anchors are there."""
        self._warn = warn

    @cached_property
    def anchors(self) -> Anchors:
        """The anchors of the page."""
        return Anchors()

    def target(self, reference: Reference | None, anchor: str = "") -> Target:
        """Return where a reference leads; no reference means an anchor of the page itself."""
        match reference:
            case None:
                return self._own_anchor(anchor)
            case PageLink():
                return self._page(reference, anchor)
            case AttachmentLink():
                return self._attachment(reference)
            case UserLink():
                return Target(text=self._user(reference))
            case UrlLink():
                url = reference.url or (browse_address(self.site_url, reference.path) if reference.path else "")
                return Target(url if is_safe(url) else "", reference.text or reference.url)

    def address(self, url: str) -> Target:
        """Return where an `href` leads: addresses of Confluence pages are links to pages."""
        url = url.strip()
        if not is_safe(url):
            self._warn("unsafe_link", url.partition(":")[0].strip())
            return Target()
        if url.startswith("#"):
            return Target(self._own_anchor(unquote(url[1:])).href)
        base, _, anchor = url.partition("#")
        link = page_of_address(base, self.site_url)
        if link is None:
            return Target(self._absolute(url) if url.startswith("/wiki/") else url)
        resolved = self._resolve(link, unquote(anchor))
        return Target(resolved.href, resolved.title) if resolved else Target(self._absolute(url))

    @contextmanager
    def of(self, page: PageLink, headings: Sequence[str], *, partly: bool) -> Iterator[None]:
        """Read links as they stand on an included page, given the headings of this one; `partly` if not all is here."""
        outer, self.page, self._elsewhere = (self.page, self._elsewhere), page, page if partly else None
        self.anchors.begin(len(headings))
        try:
            yield
        finally:
            self.anchors.end(len(headings))
            self.page, self._elsewhere = outer

    def absolute(self, link: PageLink) -> PageLink:
        """Return a link of the page being read as one of the page itself: with the space it means."""
        if self.page is None or link.space_key or not link.title:
            return link
        return attrs.evolve(link, space_key=self.page.space_key)

    def _own_anchor(self, anchor: str) -> Target:
        name = squeeze(anchor)
        if not name:
            return Target()
        if self._elsewhere and not self.anchors.part.href:
            resolved = self._resolve(self._elsewhere, "")
            self.anchors.part.href = resolved.href if resolved else ""
        return Target(self.anchors.link(name), name)

    def _page(self, link: PageLink, anchor: str) -> Target:
        if not link.page_id and not link.title:
            return self._own_anchor(anchor)
        link = self.absolute(link)
        resolved = self._resolve(link, anchor)
        if resolved:
            return Target(resolved.href, link.title or resolved.title)
        if self.resolver:
            self._warn("unresolved_link", link.title or f"page {link.page_id}")
        return Target(text=link.title or "")

    def _resolve(self, link: PageLink, anchor: str) -> ResolvedLink | None:
        self.pages[link] = None
        resolved = self.resolver.page(link) if self.resolver else None
        if resolved and anchor:
            fragment = slug(anchor) if resolved.local else quote(anchor, safe="%")
            return attrs.evolve(resolved, href=f"{resolved.href}#{fragment}")
        return resolved

    def _attachment(self, link: AttachmentLink) -> Target:
        page = self.absolute(link.page) if link.page else self.page
        if page is not link.page:
            link = AttachmentLink(link.filename, page)
        self.attachments[link] = None
        if self.resolver is None:
            return Target(quote(link.filename), link.filename)
        resolved = self.resolver.attachment(link)
        if resolved is None:
            self._warn("unresolved_attachment", link.filename)
        return Target(resolved.href if resolved else "", link.filename)

    def _user(self, user: UserLink) -> str:
        if not user.account_id:
            return f"@{user.name}" if user.name else ""
        self.mentions[user.account_id] = None
        known = self.resolver.user(user.account_id) if self.resolver else None
        return f"@{known or user.name or user.account_id}"

    def _absolute(self, url: str) -> str:
        return browse_address(self.site_url, url) or url if url.startswith("/") else url


def write_link(flow: Flow, pieces: list[Piece], target: Target) -> None:
    """
    Write a link; what it leads to stands for a text it does not have, and a text with nothing to lead to stays.

    White space at the edges of the text stands outside of the link.
    """
    if not target.href:
        flow.add_pieces(pieces)
        return
    text, source = render_line(pieces, line_break=" ", label=True), pieces
    if text:
        link = _bare(pieces, target.href) or f"[{text}]({encode_href(target.href)})"
    elif target.text:
        link, source = f"[{escape_label(squeeze(target.text))}]({encode_href(target.href)})", [target.text]
    else:
        link = ""
    texts = [piece for piece in pieces if isinstance(piece, str)] or [""]
    if texts[0][:1].isspace():
        flow.pieces.append(" ")
    if link:
        flow.markup(link, source)
    if texts[-1][-1:].isspace():
        flow.pieces.append(" ")


def write_image(flow: Flow, alt: str, target: Target) -> None:
    """Write an image; one that is nowhere leaves its description, or its name."""
    words = squeeze(alt)
    if target.href and is_safe(target.href):
        flow.markup(f"![{escape_label(words)}]({encode_href(target.href)})", words)
    elif words := words or squeeze(target.text):
        flow.markup(escape_label(words), words)


def write_anchor(flow: Flow, links: Links, name: str) -> None:
    """Write a place that links lead to by its name; a heading whose own anchor that is needs none."""
    if flow.has_links:
        anchor = links.anchors.place(name, in_heading=isinstance(flow, LineFlow))
        if anchor:
            flow.markup(anchor, anchor)


def is_text(pieces: Sequence[Piece], text: str) -> bool:
    """Tell whether a text is all there is, white space apart."""
    return _plain(pieces) == squeeze(text)


def _bare(pieces: Sequence[Piece], href: str) -> str:
    """Return the short form of a link whose text is its address, "" if it is not, or cannot be, written so."""
    first = pieces[0]
    if not isinstance(first, str) or (first.lstrip()[:1] != href[0] and not href.startswith("mailto:")):
        return ""
    text = _plain(pieces)
    if text == href and _AUTOLINK.fullmatch(href):
        return f"<{href}>"
    if f"mailto:{text}" == href and _MAIL_ADDRESS.fullmatch(text):
        return f"<{text}>"
    return ""


def _plain(pieces: Sequence[Piece]) -> str:
    """Return the text of pieces that are nothing but text."""
    texts = [piece for piece in pieces if type(piece) is str]
    return squeeze("".join(texts)) if len(texts) == len(pieces) else ""
