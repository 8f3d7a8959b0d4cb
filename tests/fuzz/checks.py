"""What must hold of every page and of every file."""

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

_MARKDOWN = MarkdownIt("commonmark", {"html": True, "maxNesting": 200}).enable(["table", "strikethrough"])
_MARKDOWN.validateLink = lambda _address: True  # active ones are to be seen, not hidden

_OWN_HTML = re.compile(r'<br ?/?>|</?(?:strong|em|del|sub|sup|code)>|<a id="[\w-]+">|</a>')
_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>?")
_MARKS = frozenset({"a", "code", "del", "em", "s", "strong", "sub", "sup"})
_IGNORED_BY_BROWSERS = re.compile(r"[\x00-\x20\x7f-\x9f]")
_FOREIGN = re.compile(r"(?:javascript|vbscript|data|ac|ri|at):", re.IGNORECASE)
_PREVIEW_TAGS = frozenset(
    (
        *("body", "h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "blockquote", "pre", "hr", "br", "ul", "ol", "li"),
        *("table", "thead", "tbody", "tr", "th", "td", "a", "img", "input"),
        *("strong", "em", "del", "code", "sub", "sup"),
    )
)
_PREVIEW_ATTRIBUTES = frozenset(
    ("align", "alt", "checked", "class", "disabled", "href", "id", "src", "start", "title", "type")
)
_END = "the end"
_MOST_PER_CHARACTER = 40
"""Twenty levels of quotes or of lists before a line of one character."""


def check_markdown(markdown, storage):
    """Check that Markdown is clean, holds nothing that runs, and is about as long as its page."""
    assert "\0" not in markdown, "a NUL"
    assert "\r" not in markdown, "a carriage return"
    assert all(line == line.rstrip() for line in markdown.split("\n")), "white space at the end of a line"
    assert markdown == "" or markdown.endswith("\n"), "no newline at the end"
    assert not markdown.endswith("\n\n"), "an empty line at the end"
    assert len(markdown) <= _MOST_PER_CHARACTER * (len(storage) + 100), "much longer than its page"
    markdown.encode()
    blocks = _MARKDOWN.parse(f"{markdown}\n{_END}\n")
    assert [(block.content, block.level) for block in blocks[-2:-1]] == [(_END, 1)], "a block is not closed"
    lines = markdown.split("\n")
    for block in blocks:
        if block.type == "fence" and 'ac:name="markdown"' not in storage:  # authors may end one with its list
            assert lines[block.map[1] - 1].endswith(block.markup), "a fence is not closed"
        _check_passive(block)
        for token in block.children or ():
            _check_passive(token)


def _check_passive(token):
    if token.type in {"html_inline", "html_block"}:
        for tag in _TAG.findall(token.content):
            assert _OWN_HTML.fullmatch(tag), f"raw HTML: {tag}"
    for name in ("href", "src"):
        address = token.attrGet(name)
        assert not (isinstance(address, str) and is_active(address)), f"active address: {address}"


def is_active(address):
    """Tell whether an address, as a browser reads it, runs something, or is an element of Confluence."""
    return bool(_FOREIGN.match(_IGNORED_BY_BROWSERS.sub("", address)))


def check_preview(html):
    """Check, as a browser reads it, that HTML has the elements of a preview and no others, and nothing that runs."""
    for node in LexborHTMLParser(html).body.css("*"):
        assert node.tag in _PREVIEW_TAGS, f"element: {node.tag}"
        for name, value in node.attributes.items():
            assert name in _PREVIEW_ATTRIBUTES, f"attribute: {name}"
            assert name not in {"href", "src"} or not is_active(value or ""), f"active address: {value}"


class _Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.parts = []

    def handle_starttag(self, tag, attrs):
        self._part(tag)

    def handle_endtag(self, tag):
        self._part(tag)

    def handle_data(self, data):
        self.parts.append(data)

    def _part(self, tag):
        if tag not in _MARKS:
            self.parts.append(" ")


def words(text):
    """Return the words of a text: letters, for numbers and underscores may be markup."""
    return re.findall(r"[^\W\d_]+", text)


def words_of(markdown):
    """Return the words that a reader of rendered Markdown sees."""
    reader = _Text()
    reader.feed(_MARKDOWN.render(markdown))
    reader.close()
    return words("".join(reader.parts))
