"""A preview of a synced file as HTML that is safe to show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import escape, unescape
from typing import Any
from urllib.parse import unquote

from mistune import BlockState, HTMLRenderer, Markdown
from mistune.plugins.formatting import strikethrough
from mistune.plugins.table import table, table_in_list, table_in_quote
from mistune.plugins.task_lists import task_lists
from mistune.util import safe_entity, striptags

from ._anchors import Slugs
from ._front_matter import Document, as_document
from ._placed_blocks import PlacedBlockParser
from ._preview_tables import table_tags, tags_of_tables

__all__ = ["preview_html"]

_Token = dict[str, Any]

_SCHEME = re.compile(r"([^/?#:]*):")
_SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_ACTIVE = ("javascript:", "vbscript:", "data:")
_IGNORED_BY_BROWSERS = re.compile(r"[\x00-\x20\x7f-\x9f]")

_ALERT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*(?:\n|$)")
_BREAK = re.compile(r"<br ?/?>")
_MARK = re.compile(r"<(/?)(sub|sup|strong|em|del)>")
_ANCHOR = re.compile(r'<a id="([\w-]+)">')


def preview_html(
    document: Document | str,
    *,
    resolve: Callable[[str], str | None] | None = None,
    id_prefix: str = "user-content-",
) -> str:
    """
    Return the Markdown of a file as HTML, without its front matter: what stands inside of a page's `<body>`.

    Nothing in the file can run: raw HTML is shown as text, but for what the converter writes itself (`<br>`, emphasis,
    `<sub>`, `<sup>`, `<a id>`, tables); links lead to http, https, mailto, tel and relative addresses only, others
    leave their text. Alerts have the classes GitHub gives them (`markdown-alert`, `markdown-alert-note`).

    Args:
        document: As `read_document` returns it, or the text of a file or of a page, with or without front matter.
        resolve: Takes the relative address of a link or an image, percent-encoded, and returns the one to write, or
            None for no link.
        id_prefix: Stands before the anchors, and in the links to them, lest content take the name of something else.
    """
    renderer = _Renderer(resolve or str, id_prefix)
    plugins = (strikethrough, table, table_in_list, table_in_quote, table_tags, task_lists)
    markdown = Markdown(renderer, PlacedBlockParser(), plugins=plugins)
    for rules in (markdown.block.rules, markdown.block.block_quote_rules, markdown.block.list_rules):
        rules.remove("raw_html")
    markdown.before_render_hooks.append(_read_github)
    return str(markdown(as_document(document).markdown))


def _read_github(_markdown: Markdown, state: BlockState) -> None:
    """Tell alerts from other quotes, and take the backslash from the pipes of cells, in code as well."""
    tokens = [*state.tokens]
    while tokens:
        token = tokens.pop()
        if token["type"] == "table_cell":
            token["text"] = token["text"].replace(r"\|", "|")
        elif token["type"] == "block_quote":
            _read_alert(token)
        tokens.extend(token.get("children", ()))


def _read_alert(quote: _Token) -> None:
    first = quote["children"][0] if quote["children"] else {}
    if first.get("type") == "paragraph" and (match := _ALERT.match(first["text"])):
        first["text"] = first["text"][match.end() :]
        quote["type"], quote["attrs"] = "alert", {"kind": match[1].lower()}
        if not first["text"].strip():
            del quote["children"][0]


class _Renderer(HTMLRenderer):
    """Writes the elements of the preview, each complete with its end."""

    def __init__(self, resolve: Callable[[str], str | None], id_prefix: str) -> None:
        super().__init__(escape=True)
        self._resolve = resolve
        self._id_prefix = id_prefix
        self._slugs = Slugs()

    def render_tokens(self, tokens: Iterable[_Token], state: BlockState) -> str:
        """Render siblings, among them the tags of raw HTML that belong together."""
        return super().render_tokens(_pair_tags([*tokens]), state)

    def text(self, text: str) -> str:
        return safe_entity(text)

    def heading(self, text: str, level: int, **_attrs: Any) -> str:
        anchor = self._slugs.next(" ".join(unescape(striptags(text)).split()))
        return f'<h{level} id="{self._id(anchor)}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        address = self._address(url)
        return f'<a href="{escape(address)}"{_title(title)}>{text}</a>' if address else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        address, alt = self._address(url), escape(unescape(striptags(text)))
        return f'<img src="{escape(address)}" alt="{alt}"{_title(title)} />' if address else alt

    def inline_html(self, html: str) -> str:
        return "<br />" if _BREAK.fullmatch(html) else escape(html)

    def tag(self, html: str) -> str:
        """Write one of two tags that belong together."""
        anchor = _ANCHOR.fullmatch(html)
        return f'<a id="{self._id(anchor[1])}">' if anchor else html

    def table_tag(self, html: str) -> str:
        """Write a tag of a table that is not whole."""
        return f"<p>{escape(html.strip())}</p>\n"

    def alert(self, text: str, kind: str) -> str:
        title = f'<p class="markdown-alert-title">{kind.title()}</p>\n'
        return f'<div class="markdown-alert markdown-alert-{kind}">\n{title}{text}</div>\n'

    def table_cell(self, text: str, *, align: str | None = None, head: bool = False) -> str:
        name = "th" if head else "td"
        alignment = f' align="{align}"' if align else ""
        return f"<{name}{alignment}>{text}</{name}>\n"

    def _id(self, anchor: str) -> str:
        return escape(f"{self._id_prefix}{anchor}")

    def _address(self, url: str) -> str:
        if url.startswith("#"):
            return f"#{self._id_prefix}{url[1:]}"
        scheme = _SCHEME.match(url)
        if scheme:
            return url if scheme[1].lower() in _SAFE_SCHEMES else ""
        address = url if url.startswith("//") else self._resolve(url) or ""
        return "" if _is_active(address) else address


def _pair_tags(tokens: list[_Token]) -> Iterator[_Token]:
    """Yield tokens; tags of raw HTML that may stand in the preview, and whose other half is there, become `tag`s."""
    paired = tags_of_tables(tokens)
    open_tags: list[tuple[str, int]] = []
    for index, token in enumerate(tokens):
        if token["type"] != "inline_html":
            continue
        if mark := _MARK.fullmatch(token["raw"]):
            if not mark[1]:
                open_tags.append((mark[2], index))
            elif open_tags and open_tags[-1][0] == mark[2]:
                paired |= {open_tags.pop()[1], index}
        elif token["raw"] == "</a>" and index and _ANCHOR.fullmatch(tokens[index - 1].get("raw", "")):
            paired |= {index - 1, index}
    return ({**token, "type": "tag"} if index in paired else token for index, token in enumerate(tokens))


def _title(title: str | None) -> str:
    return f' title="{safe_entity(title)}"' if title else ""


def _is_active(address: str) -> bool:
    """Tell whether an address, decoded as often as somebody else might, runs something."""
    return _IGNORED_BY_BROWSERS.sub("", unquote(unquote(address))).lower().startswith(_ACTIVE)
