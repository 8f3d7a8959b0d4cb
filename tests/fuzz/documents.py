"""Bytes of the fuzzer read as text: what a mutation changes is a tag or a word, not half a letter."""

import re
from html import escape

from confluence_sync.converter import MACROS

CLOSE = ""
"""The piece that closes the innermost element."""

_PARAMETERS = [
    "",
    "body",
    "compressed",
    "data",
    "diagramName",
    "hidden",
    "jqlQuery",
    "key",
    "language",
    "name",
    "src",
    "title",
    "url",
]
_BLOCKS = ["p", "div", "blockquote", "pre", "h1", "h2", "h6", "ul", "ol", "li", "table", "thead", "tr", "td", "th"]
_MARKS = ["strong", "b", "em", "i", "del", "s", "sub", "sup", "code", "u"]
_CONFLUENCE = [
    *("adf-content", "adf-extension", "adf-fallback", "caption", "image", "inline-comment-marker", "layout"),
    *("layout-cell", "layout-section", "link", "link-body", "placeholder", "plain-text-body", "plain-text-link-body"),
    *("rich-text-body", "task", "task-body", "task-id", "task-list", "task-status", "unheard-of"),
]
_WITH_ATTRIBUTES = [
    '<ol start="7">',
    '<td colspan="2">',
    '<td rowspan="3" colspan="99">',
    '<span style="text-decoration: line-through;">',
    '<a href="https://example.com/a_b(c)?d=1&amp;e=2">',
    '<a href="/wiki/spaces/DOCS/pages/123/Title#part">',
    '<a href="/wiki/pages/viewpage.action?pageId=1">',
    '<a href="/wiki/display/DOCS/A+title">',
    '<a href="/x/AQAB">',
    '<a href="https://[">',
    '<a href="#part">',
    '<a href="javascript:alert(1)">',
    '<a href="data:text/html,x">',
    '<a href="mailto:team@example.com">',
    '<ac:link ac:anchor="part">',
    '<ac:image ac:alt="](x">',
    '<ac:adf-node type="decision-list">',
    '<ac:adf-node type="decision-item">',
    '<ac:adf-attribute key="panel-type">',
    '<font color="red">',
    "<a href='",
    "<script>",
    "<style>",
]
_VOID = [
    "<br/>",
    "<hr/>",
    '<ri:page ri:content-title="A *title*" ri:space-key="DOCS"/>',
    '<ri:attachment ri:filename="a b_(1).png"/>',
    '<ri:user ri:account-id="1:a_b"/>',
    '<ri:url ri:value="javascript:alert(1)"/>',
    '<ri:url ri:value="https://example.com/"/>',
    '<ri:space ri:space-key="DOCS"/>',
    '<ri:content-entity ri:content-id="123"/>',
    '<ri:blog-post ri:posting-day="2024/02/29" ri:content-title="]("/>',
    '<ri:shortcut ri:key="x" ri:parameter="*"/>',
    '<ac:emoticon ac:name="smile"/>',
    '<ac:emoticon ac:emoji-fallback="*"/>',
    '<ac:emoticon ac:emoji-id="1f642" ac:emoji-shortname=":_:"/>',
    '<time datetime="2024-02-30"/>',
    '<img src="vbscript:x" alt="alt"/>',
    '<img src="https://example.com/x.png"/>',
]
_TEXT = [
    *("\n\n", "    ", "\t", "\r\n", "\x00", "\u00a0", "\u200b", "\u2003", "\u2028", "\ud800", "\U0001f642", "\u00e9"),
    *("&amp;", "&lt;", "&gt;", "&#60;", "&#x6A;", "&#96;", "&#10;", "&#0;", "&nbsp;", "&rsquo;", "&quot;", "&bogus;"),
    *("<![CDATA[", "]]>", "]]]]><![CDATA[>", "<!--", "-->", "<!DOCTYPE x>", "<?x?>", "</", "/>", "</p>", "</td>"),
    *("**", "__", "~~", "``", "```", "\n```\n", "\n~~~\n", "\n> ", "\n- ", "\n1. ", "\n# ", "\n---\n", "\n===\n"),
    *("\n| --- |\n", " | ", "![", "](", "](javascript:", "\n[x]: ", "[^1]", "[ ] ", "[!NOTE]", "$$", "\\", "\\\n"),
    *("javascript:", "vbscript:", "data:", "https://example.com/", "www.example.com", "team@example.com"),
    *("<script>", "<img src=x onerror=x>", '<a id="x">', "</a>", "<br>", "</script>", "complete", "true"),
    *("---\n", "title: x\n", "\n---\n", "!!python/name:os.system", "&a [*a]", "2024-02-30", "\ufeff"),
]
PIECES = [
    CLOSE,
    *(f"<{name}>" for name in [*_BLOCKS, *_MARKS]),
    *(f"<ac:{name}>" for name in _CONFLUENCE),
    *_WITH_ATTRIBUTES,
    *_VOID,
    *_TEXT,
    *(f'<ac:structured-macro ac:name="{name}">' for name in [*sorted(MACROS), "unheard-of"]),
    *(f'<ac:parameter ac:name="{name}">' for name in _PARAMETERS),
]
"""What a byte above 127, with the one behind it, stands for. Other bytes are characters."""

_NUMBERS = {piece: number for number, piece in reversed([*enumerate(PIECES)]) if piece}
_ELEMENT = re.compile(r"<([a-z][\w:-]*)[^<>]*(?<!/)>")
_UNIT = re.compile("|".join(map(re.escape, sorted(_NUMBERS, key=len, reverse=True))) + "|[\0-\x7f]")


def units(data):
    """Yield the pieces and characters that bytes stand for."""
    values = iter(data)
    for value in values:
        yield chr(value) if value < 128 else PIECES[((value - 128) * 256 + next(values, 0)) % len(PIECES)]


def encode(text):
    """Return bytes that stand for a text."""
    numbers = (_NUMBERS.get(unit, unit) for unit in _UNIT.findall(text))
    return b"".join(
        unit.encode() if isinstance(unit, str) else bytes([128 + unit // 256, unit % 256]) for unit in numbers
    )


def wild(data):
    """Return text of any kind: Markdown, or storage format as broken as it may be."""
    parts, open_elements = [], []
    for unit in units(data):
        if unit == CLOSE:
            parts.append(f"</{open_elements.pop()}>" if open_elements else "")
        else:
            parts.append(unit)
            if name := _name(unit):
                open_elements.append(name)
    return "".join(parts)


_WITHIN = {"ul": {"li"}, "ol": {"li"}, "table": {"tr"}, "tr": {"td", "th"}}
_ONLY_WITHIN = {"li": {"ul", "ol"}, "tr": {"table"}, "td": {"tr"}, "th": {"tr"}}
_TAME = {
    **{f"<{name}>": " " for name in _BLOCKS if name not in {"pre", "thead"}},
    **dict.fromkeys(('<ol start="7">', '<td colspan="2">', '<td rowspan="3" colspan="99">', "<ac:layout>"), " "),
    **{tag: "" for tag in _WITH_ATTRIBUTES if tag.startswith(('<a href="', "<font", "<span"))},
    **{f"<{name}>": "" for name in _MARKS},
}
"""Elements of which all content can be read; those of blocks part words."""


def tame(data):
    """Return a well-formed page, and what can be read on it."""
    storage, visible, open_tags = [], [], ["<body>"]
    for unit in units(data):
        name, parent = _name(unit), _name(open_tags[-1])
        if unit == CLOSE and len(open_tags) > 1:
            storage.append(f"</{parent}>")
            visible.append(_TAME[open_tags.pop()])
        elif unit in _TAME:
            if parent in _ONLY_WITHIN.get(name, {parent}) and name in _WITHIN.get(parent, {name}):
                storage.append(unit)
                visible.append(_TAME[unit])
                open_tags.append(unit)
        elif unit and parent not in _WITHIN and unit.isprintable() and (len(unit) == 1 or unit[0] not in "<&"):
            storage.append(escape(unit, quote=False))
            visible.append(unit)
    storage += [f"</{_name(tag)}>" for tag in reversed(open_tags[1:])]
    return "".join(storage), "".join(visible)


def _name(tag):
    element = _ELEMENT.fullmatch(tag)
    return element[1] if element else ""
