"""Text that Markdown takes for text: escaped where it would be markup, and only there."""

from __future__ import annotations

import re

__all__ = [
    "begins_block",
    "bracket_address",
    "code_span",
    "escape",
    "escape_between",
    "escape_label",
    "fence",
    "is_plain",
    "squeeze",
]

_SUSPECT = re.compile(r"[\\`*_~<&\]]")
_MARKUP = re.compile(
    r"""
      \\ (?= [!-/:-@\[-`{-~] | $ )       # a backslash that would escape what follows, or break the line
    | `
    | (?<! [ ] ) \* | \* (?! [ ] )       # between two spaces it is a star
    | (?<! [^\W_] ) _ | _ (?! [^\W_] )   # within a word it is an underscore
    | ~ (?= ~ ) | (?<= [^\s(] ) ~        # a tilde that could open `~~` or close `~`
    | < (?= [A-Za-z/!?] | $ )
    | & (?= \#?\w+; )
    | \] (?= [(\[:] )                    # the end of a link, reference or definition
    """,
    re.VERBOSE,
)
_LINE_START = re.compile(
    r"""
      ( \#{1,6} (?: [ ] | $ )            # heading
      | [-+] (?: [ ] | $ )               # list
      | >                                # quote
      | =+ [ ]* $ | -[-: |]* $           # underline of a heading, rule, delimiter row of a table
      | [|:] [: |]* - [-: |]* $
      | \[ [ xX] \] (?: [ ] | $ )        # box of a task
      | \[ ! \w+ \]                      # label of an alert
      )
    | ( \d{1,9} ) [.)] (?: [ ] | $ )     # numbered list
    """,
    re.VERBOSE,
)
_ADDRESS = re.compile(
    r"""
      (?P<address> (?<![\w/.-]) https?:// [^\s<>\\]* [^\s<>\\?!.,:;'"`)\]] )
    | (?P<text> (?: (?! (?<![\w/.-]) https?:// ) [\s\S] )+ | h )
    """,
    re.VERBOSE,
)
_ADDRESS_AT_END = re.compile(r"(?<![\w/.<(-])https?://[^\s<>\\()\[\]*_~`]+\Z")
_ZERO_WIDTH = re.compile("[\xad\u200b\u2060\ufeff]")
"""Soft hyphen, zero-width space, word joiner, byte order mark: invisible, and in the way of a search."""
_UNPLAIN = re.compile(
    r"[\\`*~<&\[\]\t-\r\x1c-\x1f\x85\xa0\xad\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]"
)
"""What can be markup within a line, and white space other than the plain space."""
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_ESCAPE_OR_BRACKET = re.compile(r"\\.|[\[\]]")
_BACKTICKS = re.compile(r"`+")


def squeeze(text: str) -> str:
    """
    Return a text with every run of white space, no-break spaces included, as one space, and none at its ends.

    Characters of no width are left out.
    """
    return " ".join(text.split() if text.isascii() else _ZERO_WIDTH.sub("", text).split())


def is_plain(text: str) -> bool:
    """Tell whether a line of text is the Markdown of itself, as most are. No is a safe answer."""
    return (
        text[:1].isalpha()
        and text[-1] != " "
        and "  " not in text
        and not _UNPLAIN.search(text)
        and ("_" not in text or not _UNDERSCORE.search(text))
    )


def begins_block(text: str) -> bool:
    """Tell whether text at the start of a line would begin a block."""
    return _LINE_START.match(text) is not None


def escape(text: str, *, starts_line: bool = False) -> str:
    """Escape a piece of a line; at the start of a line also what makes a block: list, heading, quote, rule, table."""
    if _SUSPECT.search(text):
        text = _ADDRESS.sub(_bracketed, text) if "://" in text else _MARKUP.sub(_escaped, text)
    if starts_line and (match := _LINE_START.match(text)):
        return f"\\{text}" if match[1] else f"{match[2]}\\{text[len(match[2]) :]}"
    return text


def escape_label(text: str) -> str:
    """Escape the text of a link or an image: brackets as well."""
    escaped = text.replace("\n", " ")
    if _SUSPECT.search(escaped):
        escaped = _MARKUP.sub(_escaped, escaped)
    return _ESCAPE_OR_BRACKET.sub(_escaped_bracket, escaped) if "[" in escaped or "]" in escaped else escaped


def escape_between(text: str, *, label: bool) -> str:
    """Escape text between marks, or of a label; white space at its ends is one space."""
    if "  " not in text and not _UNPLAIN.search(text) and ("_" not in text or not _UNDERSCORE.search(text)):
        return text
    words = squeeze(text)
    if not words:
        return " " if text.isspace() else ""
    words = escape_label(words) if label else escape(words)
    return f"{' ' if text[0].isspace() else ''}{words}{' ' if text[-1].isspace() else ''}"


def bracket_address(markdown: str) -> str:
    """Put an address at the end of a text between angle brackets, for what follows would be taken for a part of it."""
    return _ADDRESS_AT_END.sub(r"<\g<0>>", markdown)


def code_span(text: str) -> str:
    """Return a code span; its fence is longer than any run of backticks in it."""
    if "`" not in text:
        return f"`{text}`"
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def fence(language: str, text: str) -> str:
    """Return a fenced block; its fence is longer than any run of backticks in it."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}{language}\n{text}\n{ticks}" if text else f"{ticks}{language}\n{ticks}"


def _bracketed(match: re.Match[str]) -> str:
    """Escape text; an address that would have to be escaped is bracketed, for some renderers link it as it is."""
    address, text = match["address"], match["text"]
    if address is None:
        return _MARKUP.sub(_escaped, text)
    escaped = _MARKUP.sub(_escaped, address)
    return address if escaped == address else f"<{address}>"


def _escaped(match: re.Match[str]) -> str:
    return "&lt;" if match[0] == "<" else f"\\{match[0]}"


def _escaped_bracket(match: re.Match[str]) -> str:
    return match[0] if match[0][0] == "\\" else f"\\{match[0]}"


def _longest_run(text: str) -> int:
    return max(map(len, _BACKTICKS.findall(text)), default=0) if "`" in text else 0
