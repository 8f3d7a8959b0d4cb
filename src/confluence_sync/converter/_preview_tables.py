"""Tables of HTML in the preview: the tags that the converter writes, where they belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from re import Match
from typing import Any

from mistune import BlockParser, BlockState, Markdown

__all__ = ["TABLE_TAG", "table_tags", "tags_of_tables"]

TABLE_TAG = "table_tag"
"""Type of the tokens of such tags; what stands between them are blocks of Markdown."""

_SPAN = r'span="[1-9]\d{0,2}"'
_LINE = rf"^</?(?:table|tr|td|th)>$|^<t[dh] (?:col{_SPAN}(?: row{_SPAN})?|row{_SPAN})>$"
_INSIDE = {"": {"table"}, "table": {"tr"}, "tr": {"td", "th"}, "td": {"table"}, "th": {"table"}}
"""The elements of tables that each of them can hold."""


def table_tags(md: Markdown) -> None:
    """Read the tags of tables, each alone on its line, as blocks of their own: a plugin of mistune."""
    block = md.block
    block.register(TABLE_TAG, _LINE, _parse_tag)
    for rules in (block.block_quote_rules, block.list_rules):
        block.insert_rule(rules, TABLE_TAG)


def _parse_tag(_block: BlockParser, match: Match[str], state: BlockState) -> int:
    state.append_token({"type": TABLE_TAG, "raw": f"{match[0]}\n"})
    return match.end() + 1


def tags_of_tables(tokens: Sequence[Mapping[str, Any]]) -> set[int]:
    """Return where among siblings the tags of whole tables are, with rows of cells and nothing else in them."""
    nesting = _Nesting()
    for index, token in enumerate(tokens):
        if token["type"] == TABLE_TAG:
            nesting.tag(token["raw"], index)
        elif token["type"] != "blank_line":
            nesting.content()
    return nesting.whole


class _Nesting:
    """
    The tables that are open at a place; one mistake ends them all.

    Attributes:
        whole: Indices of the tags of the tables that have been closed.
    """

    def __init__(self) -> None:
        self.whole: set[int] = set()
        self._names: list[str] = []
        self._tags: list[list[int]] = []

    def tag(self, tag: str, index: int) -> None:
        """Go past a tag, the `index`th token."""
        name = tag.strip("</>\n").partition(" ")[0]
        if tag[1] == "/":
            self._close(name, index)
            return
        if name not in _INSIDE[self._inner()]:
            self._give_up()
        if name in _INSIDE[self._inner()]:
            if name == "table":
                self._tags.append([])
            self._names.append(name)
            self._tags[-1].append(index)

    def content(self) -> None:
        """Go past something else, which has to be in a cell."""
        if self._inner() in {"table", "tr"}:
            self._give_up()

    def _close(self, name: str, index: int) -> None:
        if name != self._inner():
            self._give_up()
            return
        self._names.pop()
        self._tags[-1].append(index)
        if name == "table":
            self.whole.update(self._tags.pop())

    def _inner(self) -> str:
        return self._names[-1] if self._names else ""

    def _give_up(self) -> None:
        self._names.clear()
        self._tags.clear()
