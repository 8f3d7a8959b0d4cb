"""Tables as HTML, for hosts that ask for it: those that lose structure as Markdown, and no others."""

import re
from html.parser import HTMLParser

import pytest
import rendered
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from test_preview import check
from test_properties import BLOCKS, DOCUMENTS, LINES, PIECES, words_of

from confluence_sync.converter import ConvertOptions, convert, preview_html, sections
from confluence_sync.models import TableStyle

HTML = ConvertOptions(tables=TableStyle.HTML)
CODE = (
    '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">py</ac:parameter>'
    "<ac:plain-text-body><![CDATA[x = 1\n\ny = 2]]></ac:plain-text-body></ac:structured-macro>"
)
PANEL = (
    '<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">T</ac:parameter>'
    "<ac:rich-text-body><p>p</p></ac:rich-text-body></ac:structured-macro>"
)
HIDDEN = (
    '<ac:structured-macro ac:name="excerpt"><ac:parameter ac:name="hidden">true</ac:parameter>'
    "<ac:rich-text-body><ul><li>a</li></ul></ac:rich-text-body></ac:structured-macro>"
)
IMAGE = '<ac:image ac:alt="i"><ri:attachment ri:filename="i.png" /><ac:caption><p>c</p></ac:caption></ac:image>'


def as_html(storage):
    return convert(storage, options=HTML).markdown


def one_cell(content, name="td"):
    return f"<table><tbody><tr><{name}>{content}</{name}></tr></tbody></table>"


class Reader(HTMLParser):
    """
    Reads tables out of HTML.

    Attributes:
        tables: In the order in which they begin, as (how many are around it, rows of (name, colspan, rowspan, words)).
    """

    def __init__(self):
        super().__init__()
        self.tables = []
        self._open = []

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append((len(self._open), []))
            self._open.append(self.tables[-1][1])
        elif tag == "tr":
            self._open[-1].append([])
        elif tag in {"td", "th"}:
            spans = [int(dict(attrs).get(name, 1)) for name in ("colspan", "rowspan")]
            self._open[-1][-1].append((tag, *spans, []))

    def handle_endtag(self, tag):
        if tag == "table":
            self._open.pop()

    def handle_data(self, data):
        if self._open and data.strip():
            self._open[-1][-1][-1][-1].extend(data.split())


def tables_of(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.tables


def test_form():
    """Tags are on lines of their own; content is Markdown between empty lines; an empty cell has nothing in it."""
    storage = (
        '<table><tbody><tr><th colspan="2"><p><strong>A</strong></p></th><th rowspan="2">B</th></tr>'
        "<tr><td><p>a</p><ul><li>b</li></ul></td><td></td></tr></tbody></table>"
    )
    assert as_html(storage) == (
        '<table>\n<tr>\n<th colspan="2">\n\nA\n\n</th>\n<th rowspan="2">\n\nB\n\n</th>\n</tr>\n'
        "<tr>\n<td>\n\na\n\n- b\n\n</td>\n<td>\n</td>\n</tr>\n</table>\n"
    )


@pytest.mark.parametrize(
    ("content", "markdown"),
    [
        ("<ul><li>a</li></ul>", "- a"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        (CODE, "```py\nx = 1\n\ny = 2\n```"),
        ("<pre>x</pre>", "```\nx\n```"),
        (PANEL, "> [!NOTE]\n> **T**\n>\n> p"),
        ("<blockquote><p>q</p></blockquote>", "> q"),
        ("a<hr/>b", "a\n\n___\n\nb"),
        (IMAGE, "![i](i.png)\n\n*c*"),
        (one_cell("n", "th"), "| n |\n| --- |"),
        ("<h2>Title</h2><ul><li>a</li></ul>", "**Title**\n\n- a"),
        ("<ul><li><h3>Title</h3></li></ul>", "- **Title**"),
        ("<h2>1. <em>a</em> <strong>b</strong></h2><hr/>", "<strong>1. *a* **b**</strong>\n\n___"),
        ("<p>- a<br/># b</p><hr/>", "\\- a\\\n\\# b\n\n___"),
    ],
)
def test_blocks_in_cells(content, markdown):
    """Blocks in a cell are what they are elsewhere, but for headings; each of them makes the table HTML."""
    assert as_html(one_cell(content)) == f"<table>\n<tr>\n<td>\n\n{markdown}\n\n</td>\n</tr>\n</table>\n"


@pytest.mark.parametrize(
    "content",
    [
        "a",
        "<p>a</p><p>b<br/>c</p>",
        "<h2>Title</h2><p>a</p>",
        '<ac:image ac:alt="i"><ri:attachment ri:filename="i.png" /><ac:caption><p></p></ac:caption></ac:image>',
        PANEL.replace("info", "expand"),
        HIDDEN + "b",
        "<ul><li></li></ul>a",
        '</td><td colspan="1" rowspan="0">a',
    ],
)
def test_other_tables_stay_markdown(content):
    """What a table of Markdown can carry is one, and is the same with and without the option."""
    storage = one_cell(content) + one_cell("h", "th")
    assert "<table>" not in as_html(storage)
    assert as_html(storage) == convert(storage).markdown


def test_only_the_tables_that_need_it():
    """A table of HTML changes no other table of the page, also not those in it and around it."""
    plain, lossy = one_cell("a", "th"), one_cell("<ul><li>b</li></ul>")
    markdown = as_html(plain + lossy + plain + one_cell(lossy + plain))
    assert [(depth, len(rows)) for depth, rows in tables_of(rendered.render(markdown))] == [
        *[(0, 1), (0, 1), (0, 1)],
        *[(0, 1), (1, 1), (1, 1)],
    ]
    assert markdown.count("<table>") == 3
    assert markdown.count("| a |\n| --- |") == 3


@pytest.mark.parametrize(
    "storage",
    [
        "<ul><li>x{}</li></ul>",
        "<ol><li>{}</li><li>y</li></ol>",
        "<ac:task-list><ac:task><ac:task-body>{}</ac:task-body></ac:task></ac:task-list>",
        "<blockquote>{}</blockquote>",
        PANEL.replace("<p>p</p>", "{}"),
        PANEL.replace("info", "expand").replace("<p>p</p>", "{}"),
        "<ul><li><blockquote>{}</blockquote></li></ul>",
        "<p>x</p>{}<p>y</p>",
    ],
)
def test_everywhere(storage):
    """Such a table stands in any container, for every parser."""
    inner = one_cell("<ul><li>b</li></ul>")
    table = f'<table><tr><td colspan="2">a</td></tr><tr><td>{CODE}</td><td>{inner}</td></tr></table>'
    markdown = as_html(storage.replace("{}", table))
    expected = [
        (0, [[("td", 2, 1, ["a"])], [("td", 1, 1, ["x", "=", "1", "y", "=", "2"]), ("td", 1, 1, [])]]),
        (1, [[("td", 1, 1, ["b"])]]),
    ]
    assert tables_of(rendered.render(markdown)) == expected
    assert tables_of(preview_html(markdown)) == expected


def test_what_follows_stands_apart():
    """HTML goes on to an empty line, also where a list could follow without one."""
    markdown = as_html(f"<ul><li>{one_cell('<hr/>a')}<ul><li>b</li></ul></li><li>c</li></ul>")
    assert markdown.endswith("  </table>\n\n  - b\n- c\n")


def test_headers_of_a_head():
    """Every cell of a `thead` is a header."""
    storage = "<table><thead><tr><td>a</td></tr></thead><tr><td><hr/>b</td></tr></table>"
    assert tables_of(rendered.render(as_html(storage))) == [(0, [[("th", 1, 1, ["a"])], [("td", 1, 1, ["b"])]])]


def test_bold_that_keeps_a_header_from_being_a_list():
    """A header that is bold throughout loses the bold, unless it would be something else without it."""
    rows = [
        row
        for _, row in tables_of(
            rendered.render(
                as_html('<table><tr><th colspan="2"><strong>1. a</strong></th><th><strong>b</strong></th></tr></table>')
            )
        )
    ]
    assert [cell[-1] for cell in rows[0][0]] == [["1.", "a"], ["b"]]


def test_spans_are_bounded():
    """A span of millions is one of some hundreds, in which no parser drowns; one that is no number is none."""
    markdown = as_html('<table><tr><td colspan="9999999" rowspan="-3">a</td><td rowspan="x">b</td></tr></table>')
    assert tables_of(markdown) == [(0, [[("td", 200, 1, ["a"]), ("td", 1, 1, ["b"])]])]


def test_a_table_without_text_is_nothing():
    """Spans alone are no reason to write anything."""
    assert as_html('<table><tr><td colspan="2"></td></tr></table>') == ""


def test_passages_keep_the_text_of_tables():
    """Headings in cells begin no passage; the text is in the passage of the heading above, split or not."""
    table = one_cell(f"<h2>In a cell</h2>{CODE}") + '<table><tr><td colspan="2">b</td></tr></table>'
    markdown = as_html(f"<h1>First</h1>{table}<h1>Second</h1><ul><li>{table}</li></ul>")
    whole = sections(markdown)
    assert [section.heading_path for section in whole] == [("First",), ("Second",)]
    for section in whole:
        assert tables_of(rendered.render(section.markdown)) == tables_of(rendered.render(whole[0].markdown))
    pieces = "\n\n".join(section.markdown for section in sections(markdown, max_chars=20))
    assert rendered.text(pieces) == rendered.text("\n\n".join(section.markdown for section in whole))


def test_the_fingerprint_is_another():
    """Files that were written without the option are written again."""
    assert HTML.fingerprint != ConvertOptions().fingerprint == ConvertOptions(tables=TableStyle.MARKDOWN).fingerprint


CELLS = st.tuples(
    st.sampled_from(["td", "th"]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.one_of(LINES, st.lists(BLOCKS, max_size=2).map("".join)),
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=3), min_size=1, max_size=3)


def table_of(rows):
    cells = [
        "".join(
            f'<{name} colspan="{columns}" rowspan="{height}">{content}</{name}>'
            for name, columns, height, content in row
        )
        for row in rows
    ]
    return "<table><tbody>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</tbody></table>"


@settings(max_examples=150, deadline=None)
@given(ROWS, st.sampled_from(["{}", "<ul><li>{}</li></ul>", "<blockquote>{}</blockquote>"]))
def test_rows_and_cells_are_the_source_s(rows, around):
    """Read again, such a table has the rows, the cells and the spans of the source, and all its words in order."""
    assume(any(columns * height > 1 for row in rows for _, columns, height, _ in row))
    storage = around.replace("{}", table_of(rows))
    words = words_of(re.sub(r"<(/?)t[dh]\b", r"<\1td", storage))
    assume(words)
    markdown = as_html(storage)
    html = rendered.render(markdown)
    expected = [[(name, columns, height) for name, columns, height, _ in row] for row in rows]
    assert [[cell[:3] for cell in row] for row in tables_of(html)[0][1]] == expected
    assert re.findall(r"[^\W_0-9]+", rendered.text(markdown)) == words


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_the_preview_reads_the_same(rows):
    """The preview shows the tables that any parser of Markdown shows."""
    markdown = as_html(table_of(rows))
    assert tables_of(preview_html(markdown)) == tables_of(rendered.render(markdown))


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS)
def test_words_keep_their_order(storage):
    """With the option on, too, nothing that can be read is lost, moved, glued together or split."""
    markdown = as_html(storage)
    assert re.findall(r"[^\W_0-9]+", rendered.text(markdown)) == words_of(storage)
    assert markdown == convert(storage).markdown or "<table>" in markdown


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
@example('<table><td colspan="2"><table><td colspan="2">a')
@example('<table><tr><td colspan="2"><ac:structured-macro ac:name="info"><ac:rich-text-body><table><tr><td>a<hr>')
def test_no_input_raises(storage):
    """Anything at all is converted, and shown."""
    markdown = as_html(storage)
    rendered.render(markdown)
    check(preview_html(markdown))


@pytest.mark.parametrize(
    "storage",
    [
        '<table><tr><td colspan="2">a' * 2_000,
        '<ul><li><table><tr><td rowspan="2">a' * 2_000,
        '<table><tr><td colspan="2">a</td></tr></table>' * 5_000,
        "<table>" + '<tr><td colspan="2">a</td></tr>' * 10_000 + "</table>",
        '<table><tr><td colspan="200" rowspan="200">' + "</td><td>a" * 20_000,
    ],
)
def test_large_tables(storage):
    """Deep, long and wide tables take time in proportion, and the preview does as well."""
    markdown = as_html(storage)
    assert "<table>" in markdown
    assert len(markdown) < 20 * len(storage)
    assert preview_html(markdown).count("<table>") == markdown.count("<table>")
