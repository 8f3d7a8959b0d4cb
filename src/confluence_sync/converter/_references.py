"""What links point at: the `ri:` elements of the storage format, and Confluence's own addresses."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qs, quote_plus, unquote, unquote_plus, urlsplit

import attrs

from ..models import AccountId, AttachmentLink, PageId, PageLink

__all__ = [
    "REFERENCES",
    "Reference",
    "UrlLink",
    "UserLink",
    "browse_address",
    "encode_href",
    "is_safe",
    "page_of_address",
]


@attrs.frozen
class UserLink:
    """A mention (`ri:user`); `name` is there only on some sites."""

    account_id: AccountId
    name: str = ""


@attrs.frozen
class UrlLink:
    """An address on the site (`path`, relative to its base) or elsewhere, and a text for links without one."""

    url: str = ""
    path: str = ""
    text: str = ""


Reference = PageLink | AttachmentLink | UserLink | UrlLink


def _page(attributes: Mapping[str, str], _inner: Sequence[Reference]) -> Reference:
    return PageLink(title=attributes.get("ri:content-title"), space_key=attributes.get("ri:space-key"))


def _content(attributes: Mapping[str, str], _inner: Sequence[Reference]) -> Reference:
    return PageLink(page_id=PageId(attributes.get("ri:content-id", "")))


def _blog_post(attributes: Mapping[str, str], _inner: Sequence[Reference]) -> Reference:
    title = attributes.get("ri:content-title", "")
    parts = (attributes.get("ri:space-key"), attributes.get("ri:posting-day"), title)
    return UrlLink(path="/display/" + "/".join(quote_plus(part, safe="/") for part in parts if part), text=title)


def _attachment(attributes: Mapping[str, str], inner: Sequence[Reference]) -> Reference:
    page = next((reference for reference in inner if isinstance(reference, PageLink)), None)
    return AttachmentLink(attributes.get("ri:filename", ""), page)


def _user(attributes: Mapping[str, str], _inner: Sequence[Reference]) -> Reference:
    account = attributes.get("ri:account-id") or attributes.get("ri:userkey") or attributes.get("ri:username", "")
    return UserLink(AccountId(account), attributes.get("ri:display-name", ""))


def _space(attributes: Mapping[str, str], _inner: Sequence[Reference]) -> Reference:
    key = attributes.get("ri:space-key", "")
    return UrlLink(path=f"/spaces/{quote_plus(key)}", text=key)


def _shortcut(attributes: Mapping[str, str], _inner: Sequence[Reference]) -> Reference:
    return UrlLink(text=attributes.get("ri:parameter", ""))


def _url(attributes: Mapping[str, str], _inner: Sequence[Reference]) -> Reference:
    return UrlLink(url=attributes.get("ri:value", ""))


REFERENCES: Mapping[str, Callable[[Mapping[str, str], Sequence[Reference]], Reference]] = {
    "ri:page": _page,
    "ri:content-entity": _content,
    "ri:blog-post": _blog_post,
    "ri:attachment": _attachment,
    "ri:user": _user,
    "ri:space": _space,
    "ri:shortcut": _shortcut,
    "ri:url": _url,
}
"""Makes a reference of an element's attributes and of the references inside of it."""

_UNSAFE = frozenset({"javascript", "vbscript", "data", "livescript", "jscript", "mocha"})
_PLAINLY_SAFE = ("https://", "http://", "mailto:", "/", "#")
_AFTER_SCHEMES = re.compile("[/?#]")
_ENCODED = {ord(character): f"%{ord(character):02X}" for character in ' ()<>\\"`|'} | dict.fromkeys(range(1, 0x20))
_TO_ENCODE = re.compile(r"""[\x01-\x20()<>\\"`|&]""")
_ENTITY_LIKE = re.compile(r"&(?=#?\w+;)")


def is_safe(url: str) -> bool:
    """Tell whether an address can be followed without running anything, as the most forgiving browser reads it."""
    if url.startswith(_PLAINLY_SAFE) or ":" not in url:
        return True
    head = _AFTER_SCHEMES.split(url, maxsplit=1)[0]
    seen = "".join(character for character in head if character.isprintable() and character != " ").lower()
    return _UNSAFE.isdisjoint(seen.split(":")[:-1])


def encode_href(url: str) -> str:
    """Return an address as the destination of a Markdown link."""
    return _ENTITY_LIKE.sub("&amp;", url.translate(_ENCODED)) if _TO_ENCODE.search(url) else url


def browse_address(site_url: str, path: str) -> str:
    """Return an address on the site (`/wiki/...` counts from its host, other paths from its base), "" if unknown."""
    if not site_url:
        return ""
    return _origin(site_url) + path if path.startswith("/wiki/") else site_url.rstrip("/") + path


_BY_ID = re.compile(r"/spaces/(?P<key>[^/]+)/(?:pages|blog)/(?:edit-v2/)?(?P<id>\d+)")
_BY_TITLE = re.compile(r"/display/(?P<key>[^/]+)/(?P<title>[^/]+)/?$")
_TINY = re.compile(r"/x/(?P<code>[A-Za-z0-9_-]{1,11})/?$")


def page_of_address(url: str, site_url: str) -> PageLink | None:
    """
    Return the page an address of this site shows, None for any other address.

    Known are `/spaces/KEY/pages/ID`, `/display/KEY/Title`, `/pages/viewpage.action?pageId=` (or `spaceKey=` and
    `title=`) and `/x/tiny`, on the site and relative to its host.
    """
    path = url.removeprefix(_origin(site_url)) if site_url else url
    if not path.startswith("/") or path.startswith("//"):
        return None
    try:
        parts = urlsplit(path)
    except ValueError:
        return None
    return _page_of_path(parts.path.removeprefix("/wiki"), parse_qs(parts.query))


def _page_of_path(path: str, query: Mapping[str, Sequence[str]]) -> PageLink | None:
    if match := _BY_ID.match(path):
        return PageLink(page_id=PageId(match["id"]), space_key=unquote(match["key"]))
    if match := _BY_TITLE.match(path):
        return PageLink(title=unquote_plus(match["title"]), space_key=unquote(match["key"]))
    if match := _TINY.match(path):
        return PageLink(page_id=_tiny_id(match["code"]))
    if path.endswith("/viewpage.action"):
        if page_id := query.get("pageId"):
            return PageLink(page_id=PageId(page_id[0]))
        if title := query.get("title"):
            return PageLink(title=title[0], space_key=query.get("spaceKey", [None])[0])
    return None


def _tiny_id(code: str) -> PageId:
    """A tiny link is the page id in little-endian bytes, base64, without the zeros (`A`) at the end."""
    digits = code.replace("-", "/").replace("_", "+").ljust(11, "A") + "="
    return PageId(str(int.from_bytes(base64.b64decode(digits), "little")))


def _origin(site_url: str) -> str:
    scheme, _, rest = site_url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
