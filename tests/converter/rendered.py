"""What a reader of rendered Markdown sees: characters, and the marks on each."""

from html.parser import HTMLParser

from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": True, "maxNesting": 200}).enable(["table", "strikethrough"])
_MARKS = {
    "strong": "strong",
    "em": "em",
    "code": "code",
    "s": "del",
    "del": "del",
    "sub": "sub",
    "sup": "sup",
    "a": "a",
}
_BREAKS = {
    "p",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "br",
    "td",
    "th",
    "pre",
    "blockquote",
    "hr",
    "table",
    "ul",
    "ol",
}


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.marks = []
        self.characters = []

    def handle_starttag(self, tag, attrs):
        if tag in _BREAKS:
            self.characters.append((" ", frozenset()))
        if tag in _MARKS:
            self.marks.append(_MARKS[tag])

    def handle_endtag(self, tag):
        if tag in _MARKS and self.marks:
            self.marks.remove(_MARKS[tag])
        if tag in _BREAKS:
            self.characters.append((" ", frozenset()))

    def handle_data(self, data):
        self.characters += [(character, frozenset(self.marks)) for character in data]


def render(markdown):
    """Return the HTML."""
    return _MARKDOWN.render(markdown)


def characters(markdown):
    """Return the visible characters with the marks on each, white space collapsed."""
    reader = _Reader()
    reader.feed(render(markdown))
    reader.close()
    return collapse(reader.characters)


def collapse(marked):
    """Collapse white space, which carries no marks."""
    result = []
    for character, marks in marked:
        if not character.isspace():
            result.append((character, marks))
        elif result and result[-1][0] != " ":
            result.append((" ", frozenset()))
    return result[:-1] if result and result[-1][0] == " " else result


def text(markdown):
    """Return the visible text."""
    return "".join(character for character, _ in characters(markdown))
