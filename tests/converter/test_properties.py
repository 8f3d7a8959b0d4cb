"""Rules that hold for every page."""

import re
from html import escape, unescape
from pathlib import Path

import rendered
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from confluence_sync.converter import convert, sections
from confluence_sync.converter._anchors import Slugs, without_marks
from confluence_sync.converter._context import Context
from confluence_sync.converter._macros import MACROS
from confluence_sync.converter._reader import read

WORDS = st.text('ab1*_`[]()<>#+-=.!|~&\\":; \u00e9\u201c\u2014', min_size=1, max_size=8)
MARKS = st.sampled_from(["strong", "em", "del", "sub", "code", "b", "i"])
NAMES = {"b": "strong", "i": "em"}


@st.composite
def marked(draw, depth=3):
    """Inline content as (storage, characters with their marks)."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        if depth and draw(st.booleans()):
            name = draw(MARKS)
            storage, characters = draw(marked(depth - 1))
            mark = NAMES.get(name, name)
            parts.append((f"<{name}>{storage}</{name}>", [(c, marks | {mark}) for c, marks in characters]))
        else:
            words = draw(WORDS)
            parts.append((escape(words, quote=False), [(c, frozenset()) for c in words]))
    return "".join(storage for storage, _ in parts), [pair for _, characters in parts for pair in characters]


@settings(max_examples=300, deadline=None)
@given(marked())
def test_every_character_keeps_its_marks(content):
    """Text of any kind in emphasis of any kind reads the same after conversion and parsing."""
    storage, expected = content
    assert rendered.characters(convert(f"<p>{storage}</p>").markdown) == rendered.collapse(expected)


@settings(max_examples=200, deadline=None)
@given(marked(depth=2))
def test_cells_keep_their_marks(content):
    """A table cell reads as a paragraph does, pipes included."""
    storage, expected = content
    markdown = convert(f"<table><tr><th>x</th></tr><tr><td>{storage}</td></tr></table>").markdown
    visible = rendered.collapse(expected)
    assert rendered.characters(markdown) == [
        ("x", frozenset()),
        *([(" ", frozenset())] if visible else []),
        *visible,
    ] or (not visible)


SIMPLE = st.text("abc", min_size=1, max_size=5)
INLINE = st.one_of(
    WORDS.map(lambda words: escape(words, quote=False)),
    SIMPLE.map(lambda word: f"<strong>{word}</strong>"),
    SIMPLE.map(lambda word: f'<a href="https://example.com/{word}">{word}</a>'),
    SIMPLE.map(lambda word: f'<ac:link><ri:page ri:content-title="{word}" /></ac:link>'),
    st.sampled_from(["<br/>", "&nbsp;", "<code>x`y</code>", '<ac:emoticon ac:name="smile" />', "<![CDATA[<c>]]>"]),
)
LINES = st.lists(INLINE, min_size=1, max_size=4).map("".join)


def containers(blocks):
    inner = st.lists(blocks, min_size=1, max_size=3).map("".join)
    items = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        items.map(lambda texts: "<ul>" + "".join(f"<li>{text}</li>" for text in texts) + "</ul>"),
        items.map(lambda texts: "<ol>" + "".join(f"<li>{text}</li>" for text in texts) + "</ol>"),
        items.map(
            lambda texts: "<table><tbody><tr>" + "".join(f"<td>{text}</td>" for text in texts) + "</tr></tbody></table>"
        ),
        inner.map(lambda text: f"<blockquote>{text}</blockquote>"),
        inner.map(lambda text: f"<div>{text}</div>"),
        inner.map(
            lambda text: (
                '<ac:structured-macro ac:name="expand"><ac:rich-text-body>'
                f"{text}</ac:rich-text-body></ac:structured-macro>"
            )
        ),
    )


BLOCKS = st.recursive(
    st.one_of(
        LINES.map(lambda line: f"<p>{line}</p>"),
        LINES.map(lambda line: f"<h2>{line}</h2>"),
        st.just("<hr/>"),
        SIMPLE.map(
            lambda word: (
                '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA['
                f"{word}```]]></ac:plain-text-body></ac:structured-macro>"
            )
        ),
    ),
    containers,
    max_leaves=8,
)
DOCUMENTS = st.lists(BLOCKS, max_size=4).map("\n".join)


def words_of(storage):
    """The words of a well-formed document, by taking the tags away."""
    text = re.sub(r'<ri:page ri:content-title="(\w+)" />', r"\1", storage)
    text = text.replace('<ac:emoticon ac:name="smile" />', "\U0001f642")
    text = re.sub(
        r"</?(?:p|h2|li|td|div|blockquote|tr|br/?|hr/?|ul|ol|table|tbody|ac:[a-z-]+)\b[^>]*>",
        " ",
        text.replace("<ac:link>", "").replace("</ac:link>", ""),
    )
    text = re.sub(r"<!\[CDATA\[(.*?)\]\]>", lambda match: match[1].replace("<", "&lt;"), text)
    return re.findall(r"[^\W_0-9]+", unescape(re.sub(r"</?[a-z][^>]*>", "", text)))


@settings(max_examples=250, deadline=None)
@given(DOCUMENTS)
def test_words_keep_their_order(storage):
    """Nothing that can be read is lost, moved, glued together or split, however blocks are nested."""
    markdown = convert(storage).markdown
    assert re.findall(r"[^\W_0-9]+", rendered.text(markdown)) == words_of(storage)


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS)
def test_conversion_is_deterministic(storage):
    """The same page gives the same result."""
    assert convert(storage) == convert(storage)


BETWEEN_TAGS = re.compile(r"(?<=>)(?=<)|(?<=[^>])(?=</?[a-z])")


@settings(max_examples=200, deadline=None)
@given(DOCUMENTS)
def test_short_ways_lead_to_the_same(storage):
    """Elements with nothing but text in them, written whole, become what they become tag by tag."""
    apart = "".join(
        part if part.startswith("<![CDATA[") else BETWEEN_TAGS.sub("<!---->", part)
        for part in re.split(r"(<!\[CDATA\[.*?\]\]>)", storage)
    )
    assert convert(apart) == convert(storage)


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS)
def test_lines_are_clean(storage):
    """No line ends in white space, and the text ends in one newline."""
    markdown = convert(storage).markdown
    assert all(line == line.rstrip() for line in markdown.split("\n"))
    assert not markdown or (markdown.endswith("\n") and not markdown.endswith("\n\n"))


PIECES = st.sampled_from(
    [
        "\x00",
        "\ud800",
        " ",
        *(Path(__file__).parent / "hostile" / "pieces.txt").read_text(encoding="utf-8").splitlines(),
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)))
@example("<p><b></p></b>")
@example("<ac:structured-macro><ac:rich-text-body></ac:structured-macro>")
@example("</>< / ></ p>")
def test_no_input_raises(storage):
    """Anything at all is converted, to text that can be written as UTF-8."""
    markdown = convert(storage).markdown
    markdown.encode()
    rendered.render(markdown)


def parameter(name, words):
    return f'<ac:parameter ac:name="{name}">{escape(words)}</ac:parameter>'


HEADINGS = st.one_of(
    LINES,
    marked().map(lambda content: content[0]),
    st.lists(
        st.one_of(
            marked(depth=1).map(lambda content: f'<a href="https://example.com/">{content[0]}</a>'),
            WORDS.map(lambda words: f'<img src="https://example.com/a.png" alt="{escape(words)}"/>'),
            WORDS.map(lambda words: f'<ac:structured-macro ac:name="status">{parameter("title", words)}'),
            st.just(f'<ac:structured-macro ac:name="anchor">{parameter("", "here")}</ac:structured-macro>'),
            st.just("<pre>x  `y`</pre><p>&lt;z&gt;</p><a href='https://example.com/'>https://example.com/</a>"),
            st.just("<a href='https://example.com/'/>&#8203;a&#173;b<code> c </code>&amp;amp;"),
            WORDS.map(lambda words: escape(words, quote=False)),
        ),
        min_size=1,
        max_size=4,
    ).map("".join),
)


def is_misread(heading):
    """Two tildes in code end a line through the text for mistune, though code goes before (CommonMark 6.1)."""
    return "<del>" in heading and "~~" in heading


@settings(max_examples=400, deadline=None)
@given(st.lists(HEADINGS, min_size=1, max_size=4))
@example(["<code>Vec&lt;T&gt;</code> notes", "If a &lt; b &gt; c", "f[x](y) call", "A [1] * b"])
@example(["x", "x", "<p>x</p>", "<del>x</del> y"])
def test_headings_are_known_as_they_are_read(headings):
    """The converter knows the text and the anchors of headings as the passages of the file tell them, without it."""
    assume(not any(map(is_misread, headings)))
    page = "".join(f"<h2>{heading}</h2>" for heading in headings)
    context = Context(MACROS)
    read(page, context)
    known, slugs = [without_marks(heading) for heading in context.headings], Slugs()
    passages = [section for section in sections(convert(page).markdown) if section.level]
    assert known == [passage.heading_path[-1] for passage in passages]
    assert [slugs.next(heading) for heading in known] == [passage.slug for passage in passages]


def test_headings_that_nothing_can_be_read_in():
    """Anchors alone are no heading, neither above a warning nor in the numbers of anchors."""
    anchor = f'<ac:structured-macro ac:name="anchor">{parameter("", "here")}</ac:structured-macro>'
    link = '<ac:link ac:anchor="b"><ac:link-body>to b</ac:link-body></ac:link>'
    conversion = convert(f"<h2>a</h2><h2>{anchor}</h2><ac:odd/><h2>b</h2><p>{link}</p>")
    assert conversion.markdown == '## a\n\n<a id="here"></a>\n\n## b\n\n[to b](#b)\n'
    assert conversion.warnings[0].heading == "a"
