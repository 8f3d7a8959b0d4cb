"""The blocks of Markdown, each with its place in the text. mistune reads them; it does not tell where they were."""

from __future__ import annotations

from re import Match
from typing import Any

from mistune import BlockParser, BlockState

__all__ = ["PlacedBlockParser", "PlacedBlockState"]

_CONTAINERS = frozenset({"block_quote", "list"})


class PlacedBlockState(BlockState):
    """Tokens know where they begin, `start`, in characters of `src`."""

    def __init__(self, parent: BlockState | None = None) -> None:
        super().__init__(parent)
        self.open_blocks: list[tuple[str | None, int]] = []
        """The blocks being parsed, one out of the other: the rule, and the index of the token to be."""

    def append_token(self, token: dict[str, Any]) -> None:
        """Add a token; where the parser has gone on already, `parse_method` knows better."""
        super().append_token(token)
        token["start"] = self.cursor

    def prepend_token(self, token: dict[str, Any]) -> None:
        """Add the token of a block that was ended by the one behind it, which may have its token already."""
        self.tokens.insert(self.open_blocks[-1][1], token)

    def add_paragraph(self, text: str) -> None:
        """Add a paragraph, or a line to one."""
        super().add_paragraph(text)
        self.tokens[-1].setdefault("start", self.cursor)


class PlacedBlockParser(BlockParser):
    """Reads into a `PlacedBlockState`. Tokens of headings have a `length`, in characters, with the end of the line."""

    state_cls = PlacedBlockState

    def parse_method(self, m: Match[str], state: BlockState) -> int | None:
        """
        Parse a block, and note where it is.

        A quote or a list that ends another one begins after it, and not while it is parsed: otherwise a text in which
        they take turns would be parsed as deep as it is long.
        """
        assert isinstance(state, PlacedBlockState)  # noqa: S101 - the parser makes no other
        rule, index = m.lastgroup, len(state.tokens)
        if rule in _CONTAINERS and state.open_blocks and state.open_blocks[-1][0] in _CONTAINERS:
            return state.cursor
        state.open_blocks.append((rule, index))
        end = super().parse_method(m, state)
        state.open_blocks.pop()
        if len(state.tokens) > index:
            state.tokens[index]["start"] = m.start()
        last = state.tokens[-1] if state.tokens else {}
        if end and last.get("type") == "heading":
            last.setdefault("length", end - last["start"])
        return end
