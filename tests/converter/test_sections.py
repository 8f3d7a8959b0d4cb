"""Passages: what they hold, where they begin, and the links by which they are cited."""

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confluence_sync.converter import ConvertOptions, Document, convert, read_document, render_document, sections
from confluence_sync.models import TableStyle

URL = "https://site.atlassian.net/wiki/spaces/DOCS/pages/42/Runbook"


def outline(markdown):
    """Passages as lines: heading path, then the text."""
    return [f"{' > '.join(section.heading_path)}: {section.markdown!r}" for section in sections(markdown)]


def anchors(*headings):
    return [section.anchor for section in sections("\n\n".join(f"# {heading}" for heading in headings))]


def test_passages_under_their_headings():
    """A passage ends at the next heading of any level; its path has the headings above it."""
    assert outline("intro\n\n# A\n\none\n\n## B\n\ntwo\n\n### C\n\n## D\n\nthree\n\n# E\n") == [
        ": 'intro'",
        "A: 'one'",
        "A > B: 'two'",
        "A > B > C: ''",
        "A > D: 'three'",
        "E: ''",
    ]


@pytest.mark.parametrize(
    ("headings", "path"),
    [("# A\n### B\n## C\n", "A > C"), ("### A\n# B\n", "B"), ("## A\n###### B\n", "A > B")],
)
def test_levels_that_are_left_out(headings, path):
    """A heading is under the nearest ones of lower levels, whatever is missing between."""
    assert outline(headings)[-1] == f"{path}: ''"


@pytest.mark.parametrize("nothing", ["", "\n\n", "---\ntitle: x\n---\n", "   \n"])
def test_nothing_to_read(nothing):
    """A document without text has no passages."""
    assert sections(nothing) == ()


@pytest.mark.parametrize(
    "passage",
    [
        "```sh\n# not a heading\n```",
        "    # not a heading",
        "- item\n\n  # in a list\n\n- item",
        "> # in a quote\n>\n> text",
        "> [!NOTE]\n> ## in a panel",
        "| a |\n| --- |\n| # b |",
        "#hashtag",
        "\\# escaped",
        "text\n\n---\n\ntext",
        "a<br>b",
        '<a id="x"></a>',
        "1. one\n2. two\n\n   more",
    ],
)
def test_what_begins_no_passage(passage):
    """Only headings of the document itself do; the passage is what the file says, to the letter."""
    assert outline(f"# A\n\n{passage}\n\n# B\n") == [f"A: {passage!r}", "B: ''"]


def test_plain_text_of_headings():
    """Paths carry words: no marks, escapes, links or HTML."""
    (section,) = sections("## *Set* `x_y` **\\*up\\*** &lt;b&gt; [a](https://a.example) ![pic](p.png) H<sub>2</sub>O\n")
    assert section.heading_path == ("Set x_y *up* <b> a pic H2O",)
    assert section.slug == "set-x_y-up-b-a-pic-h2o"


def test_headings_on_two_lines():
    """A heading may be underlined, and closed by hashes."""
    assert outline("One\ntwo\n===\n\nx\n\nThree\n---\n\n# Four ##\n") == [
        "One two: 'x'",
        "One two > Three: ''",
        "Four: ''",
    ]


def test_deep_links():
    """The address is the page's with Confluence's own anchor, encoded as browsers do."""
    markdown = convert("<p>intro</p><h2>Set up (macOS) &amp; Übersicht?</h2><p>text</p>").markdown
    document = read_document(render_document({"source_url": URL}, markdown))
    assert [(section.anchor, section.url) for section in sections(document)] == [
        ("", URL),
        ("Set-up-(macOS)-&-Übersicht?", f"{URL}#Set-up-(macOS)-%26-%C3%9Cbersicht%3F"),
    ]
    assert sections(document) == sections(render_document({"source_url": URL}, markdown).decode())


def test_headings_no_address_can_hold():
    """A lone surrogate, which UTF-8 cannot hold, and a heading without text lead to addresses all the same."""
    first, second = sections(Document({"source_url": URL}, "# a\ud800\n\n## #\n"))
    assert (first.url, second.url) == (f"{URL}#a%3F", URL)
    assert second.text == "a\ud800"


def test_no_deep_link_without_a_source():
    """A text that does not tell where it is from has anchors and no addresses."""
    (section,) = sections("# A b\n")
    assert (section.anchor, section.slug, section.url) == ("A-b", "a-b", "")


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        (["A", "A", "A"], ["A", "A.1", "A.2"]),
        (["A.1", "A", "A"], ["A.1", "A", "A.2"]),
        (["A", "A", "A.1", "A"], ["A", "A.1", "A.1.1", "A.2"]),
        (["A", "a"], ["A", "a"]),
        (["A b", "A-b"], ["A-b", "A-b.1"]),
        (["1. Step – go!"], ["1.-Step-–-go!"]),
    ],
)
def test_equal_headings(headings, expected):
    """Confluence numbers anchors that are taken."""
    assert anchors(*headings) == expected


def test_headings_in_quotes_are_counted():
    """Equal headings in panels have anchors of their own, so later ones are numbered."""
    section = sections("# A\n\n> ## A\n>\n> - # A\n\n# A\n")[-1]
    assert (section.slug, section.anchor) == ("a-3", "A.3")


def test_links_within_the_file_reach_the_passages():
    """The slug of a passage is what the converter writes into links to its heading."""
    links = '<p><ac:link ac:anchor="Set up"><ac:link-body>go</ac:link-body></ac:link></p>'
    markdown = convert(f"{links}<h1>Set up</h1>").markdown
    first, second = sections(markdown)
    assert first.markdown == f"[go](#{second.slug})"


def test_text_to_embed():
    """A passage reads without its document; a heading alone is something to find, too."""
    assert [section.text for section in sections("x\n\n# A\n\n## B\n\ny\n")] == ["x", "A", "A > B\n\ny"]


def test_long_passages_are_split_between_blocks():
    """No block is torn, and parts are numbered."""
    markdown = "# A\n\none\n\n- two\n- three\n\n```\nfour\n\nfive\n```\n\nsix\n"
    parts = sections(markdown, max_chars=20)
    assert [(part.part, part.markdown) for part in parts] == [
        (0, "one\n\n- two\n- three"),
        (1, "```\nfour\n\nfive\n```"),
        (2, "six"),
    ]
    assert {part.anchor for part in parts} == {"A"}


TABLE = "<table><tr><td>{}</td><td><ul><li>a</li></ul></td></tr></table>"


@pytest.mark.parametrize("max_chars", [1, 30, 60, 1000])
@pytest.mark.parametrize("cell", ["text", TABLE.format("inner"), TABLE.format(TABLE.format("innermost"))])
def test_tables_of_html_stay_whole(cell, max_chars):
    """A table written as HTML is one block, with the empty lines and the tables in its cells."""
    table = TABLE.format(cell)
    page = f"<p>before</p>{table}<p>between</p>{table}<p>after</p><h2>A</h2>{table}"
    markdown = convert(page, options=ConvertOptions(tables=TableStyle.HTML)).markdown
    parts = [section.markdown for section in sections(markdown, max_chars=max_chars)]
    assert "\n\n".join(parts).split() == markdown.replace("## A\n", "").split()
    for part in parts:
        assert part.count("<table>") == part.count("</table>")
        assert part.startswith(("<table>", "before", "between", "after"))
    assert max_chars > 1 or len(parts) == 6


def test_tables_of_html_that_do_not_end():
    """Such a table ends at the next heading, and what closes none is a block like any other."""
    markdown = "<table>\n\none\n\ntwo\n\n# A\n\n</table>\n\nthree\n\nfour"
    assert [section.markdown for section in sections(markdown, max_chars=1)] == [
        "<table>\n\none\n\ntwo",
        "</table>",
        "three",
        "four",
    ]


@pytest.mark.parametrize("max_chars", [0, -1])
def test_parts_have_a_size(max_chars):
    """A size that nothing fits in is refused."""
    with pytest.raises(ValueError, match="positive"):
        sections("x", max_chars=max_chars)


@pytest.mark.parametrize(
    ("line", "passages"),
    [
        ("# a\n", 20_000),
        ("a\n---\n", 20_000),
        *(
            (line, 1)
            for line in (
                "> # a\n",
                "- a\n",
                "> a\n- b\n",
                "- a\n> b\n1. c\n",
                "```\n",
                "<div>\n",
                "[a]: b\n",
                "> ",
                "- ",
                "**a ",
                "[",
                "`",
            )
        ),
    ],
)
def test_long_documents(line, passages):
    """Twenty thousand of anything are read."""
    found = sections(line * 20_000)
    assert len(found) == passages
    assert passages > 1 or found[0].markdown == (line * 20_000).rstrip()


LINES = st.sampled_from(
    [
        "",
        "# A",
        "## *b* `c`",
        "text",
        "===",
        "---",
        "- item",
        "  # inner",
        "> quote",
        "> # quoted",
        "```",
        "    code",
        "1. one",
        "| a |",
        "| --- |",
        "<div>",
        "<!--",
        "[a]: b",
        "\\# no",
        "\ttab",
        "***",
    ]
)
MARKDOWN = st.one_of(st.text(), st.lists(LINES, max_size=15).map("\n".join))


def squeezed(text):
    return "".join(text.split())


@settings(max_examples=400, deadline=None)
@given(MARKDOWN)
@example("[a]: b\n# x")
@example("[a]: b\n")
@example("> a\n***")
@example("a\n> b\n- c\n# d")
def test_nothing_is_lost(markdown):
    """Passages are pieces of the document, in its order; between them stand headings, and nothing else."""
    text = squeezed(read_document(markdown.encode("utf-8", "replace")).markdown)
    position = 0
    for section in sections(markdown):
        passage = squeezed(section.markdown)
        found = text.index(passage, position)
        between = text[position:found]
        assert not between or section.level
        position = found + len(passage)


@settings(max_examples=200, deadline=None)
@given(MARKDOWN, st.integers(1, 40))
def test_parts_make_up_the_passage(markdown, max_chars):
    """Splitting changes nothing but where a passage is cut."""
    split = "".join(squeezed(section.markdown) for section in sections(markdown, max_chars=max_chars))
    assert split == "".join(squeezed(section.markdown) for section in sections(markdown))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["A", "A.1", "A.1.1", "a", "B b", "B-b", "B-b.1", "`A`"]), max_size=12))
def test_anchors_are_unique(headings):
    """No two headings of a page share an anchor in Confluence."""
    found = anchors(*headings)
    assert len(set(found)) == len(found) == len(headings)


def test_converting_does_not_load_the_parser():
    """Those who only convert do not wait for what reads Markdown."""
    code = "import confluence_sync.converter as c, sys; c.convert('<p>x</p>'); print('mistune' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
