"""The preview: what it looks like, and that nothing in it can run."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confluence_sync.converter import convert, preview_html, sections

ALLOWED = {
    "a": {"href", "id", "title"},
    "img": {"src", "alt", "title"},
    "input": {"class", "type", "disabled", "checked"},
    "li": {"class"},
    "ol": {"start"},
    "div": {"class"},
    "p": {"class"},
    "code": {"class"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
    **{f"h{level}": {"id"} for level in range(1, 7)},
    **{name: set() for name in ["blockquote", "br", "del", "em", "hr", "pre", "strong", "sub", "sup", "table"]},
    **{name: set() for name in ["tbody", "thead", "tr", "ul"]},
}
VOID = {"br", "hr", "img", "input"}
SNIPPETS = Path(__file__).parent / "hostile"


class Checker(HTMLParser):
    """Fails on what is not on the list, on addresses that may run something, and on tags that are not in pairs."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        assert set(dict(attrs)) <= ALLOWED[tag], (tag, attrs)
        assert len(dict(attrs)) == len(attrs)
        for name in ("href", "src"):
            address = "".join((dict(attrs).get(name) or "").split()).lower()
            scheme = address.split("/")[0].split("?")[0].split("#")[0].partition(":")
            assert not scheme[1] or scheme[0] in {"http", "https", "mailto", "tel"}, address
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in VOID or self.open.pop() == tag

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def check(html):
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert checker.open == []


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("a &lt; b & c \\* &nbsp;d", "<p>a &lt; b &amp; c * \xa0d</p>"),
        ("`&lt;` ~~x~~ **y** *z*", "<p><code>&amp;lt;</code> <del>x</del> <strong>y</strong> <em>z</em></p>"),
        ("one\\\ntwo", "<p>one<br />\ntwo</p>"),
        ("a<strong>**</strong>b<em>*c*</em>", "<p>a<strong>**</strong>b<em><em>c</em></em></p>"),
        ("H<sub>2</sub>O<br>x<sup>*y*</sup>", "<p>H<sub>2</sub>O<br />x<sup><em>y</em></sup></p>"),
        ('<a id="x"></a>text', '<p><a id="user-content-x"></a>text</p>'),
        ('<a id="x"></a>', '<p><a id="user-content-x"></a></p>'),
        ("# A *b*\n\n# A b", '<h1 id="user-content-a-b">A <em>b</em></h1>\n<h1 id="user-content-a-b-1">A b</h1>'),
        ("[a](#b)", '<p><a href="#user-content-b">a</a></p>'),
        ("[a](../b%20c.md#d 'e \"f\"')", '<p><a href="../b%20c.md#d" title="e &quot;f&quot;">a</a></p>'),
        ("<https://a.example/?b&c>", '<p><a href="https://a.example/?b&amp;c">https://a.example/?b&amp;c</a></p>'),
        ("![a *b*](c.png)", '<p><img src="c.png" alt="a b" /></p>'),
        ("```py\na < b\n```", '<pre><code class="language-py">a &lt; b\n</code></pre>'),
        ("---\ntitle: x\n---\n\ntext", "<p>text</p>"),
        ("> [!NOTE] x", "<blockquote>\n<p>[!NOTE] x</p>\n</blockquote>"),
        ("> \\[!NOTE\\]\n> x", "<blockquote>\n<p>[!NOTE]\nx</p>\n</blockquote>"),
        (
            "> a\n- b\n# c",
            '<blockquote>\n<p>a</p>\n</blockquote>\n<ul>\n<li>b</li>\n</ul>\n<h1 id="user-content-c">c</h1>',
        ),
        ("", ""),
    ],
)
def test_elements(markdown, html):
    """Markdown as the converter writes it, and what it becomes."""
    assert preview_html(markdown).strip() == html


def test_alerts():
    """An alert is a division of its kind, with its title; what it holds is Markdown."""
    assert preview_html("> [!WARNING]\n> **Title**\n>\n> - x\n") == (
        '<div class="markdown-alert markdown-alert-warning">\n<p class="markdown-alert-title">Warning</p>\n'
        "<p><strong>Title</strong></p>\n<ul>\n<li>x</li>\n</ul>\n</div>\n"
    )


def test_tables():
    """Cells keep their pipes, in code as well, also in a list and in a quote."""
    table = "| a | b |\n| --- | ---: |\n| `x\\|y` | c<br>d\\|e |"
    row = '<tr>\n<td><code>x|y</code></td>\n<td align="right">c<br />d|e</td>\n</tr>'
    for markdown in (
        table,
        "- x\n\n  " + table.replace("\n", "\n  "),
        "> " + table.replace("\n", "\n> "),
    ):
        assert row in preview_html(markdown)


def test_tables_of_html():
    """Tables as the converter writes them are tables, with Markdown in their cells, wherever they stand."""
    table = '<table>\n<tr>\n<th colspan="2" rowspan="3">\n\n- *a*\n\n</th>\n<td>\n</td>\n</tr>\n</table>'
    html = (
        '<table>\n<tr>\n<th colspan="2" rowspan="3">\n<ul>\n<li><em>a</em></li>\n</ul>\n</th>\n'
        "<td>\n</td>\n</tr>\n</table>\n"
    )
    assert preview_html(table) == html
    assert preview_html(f"text\n\n{table}\n\n{table}\n") == f"<p>text</p>\n{html}{html}"
    nested = table.replace("- *a*", table)
    for markdown in (nested, "- x\n\n  " + nested.replace("\n", "\n  "), "> " + nested.replace("\n", "\n> ")):
        assert preview_html(markdown).count("<table>") == 2
        assert "&lt;" not in preview_html(markdown)


ROW = "<table>\n<tr>\n<td>\n\n{}\n\n</td>\n</tr>\n</table>"


@pytest.mark.parametrize(
    "markdown",
    [
        "<table>",
        "</table>",
        "<td>\n\na\n\n</td>",
        "<table>\n</tr>\n</table>",
        "<table>\n<td>\n</td>\n</table>",
        "<table>\n\na\n\n<tr>\n<td>\n</td>\n</tr>\n</table>",
        "<table>\n<tr>\n\na\n\n<td>\n</td>\n</tr>\n</table>",
        "<table>\n<tr>\n<td>\n</th>\n</tr>\n</table>",
        "<table>\n<tr>\n<td>\n</td>\n</tr>",
        ROW.replace("<td>", "<td onclick=x>"),
        ROW.replace("<td>", '<td colspan="0">'),
        ROW.replace("<td>", '<td colspan="1000">'),
        ROW.replace("<td>", '<td colspan="2"onclick="3">'),
        ROW.replace("<td>", '<td rowspan="2" colspan="2">'),
        ROW.replace("<td>", " <td>"),
        ROW.replace("<td>", "<td/>"),
        ROW.replace("<table>", "<table><tr>"),
        ROW.replace("<table>", "<TABLE>"),
        ROW.replace("{}", "- <table>"),
        ROW.replace("{}", "<table>"),
        ROW.replace("{}", "</table>"),
        ROW.replace("{}", "```"),
        "- <table>\n\n<tr>\n<td>\n\na\n\n</td>\n</tr>\n</table>",
    ],
)
def test_other_tags_of_tables_are_text(markdown):
    """Tags in other forms, and tables that are not whole, are shown as they are written."""
    html = preview_html(markdown)
    check(html)
    assert "&lt;" in html


def test_a_broken_table_leaves_the_others():
    """A mistake costs the tables around it, and none before it, in it or behind it."""
    html = preview_html(f"{ROW}\n\n<table>\n<tr>\n<td>\n\n{ROW}\n\n</tr>\n\n{ROW}")
    check(html)
    assert html.count("<table>") == 3
    assert html.count("&lt;table&gt;") == 1


def test_tasks():
    """Tasks have boxes that cannot be ticked."""
    html = preview_html("- [x] done\n- [ ] open\n")
    assert html.count("disabled") == 2
    assert html.count("checked") == 1


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<div onclick=alert(1)>\n\nx",
        "a <img src=x onerror=alert(1)> b",
        "<!-- x -->",
        "<sub onclick=x>y</sub>",
        "<sub>open",
        "close</sub>",
        "<sub>**x</sub>**",
        "<sub><sup>x</sub></sup>",
        '<a id="x" href="y">z</a>',
        '<a id="x">text</a>',
        "<?php ?> <![CDATA[x]]> <!DOCTYPE html>",
    ],
)
def test_other_html_is_text(markdown):
    """Raw HTML that the converter does not write is shown as it is written."""
    html = preview_html(markdown)
    check(html)
    assert "&lt;" in html


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#10;script:alert(1)",
        "java&#x73;cript:alert(1)",
        "&#1;javascript:alert(1)",
        "javascript&colon;alert(1)",
        "java%73cript:alert(1)",
        "javascript%3Aalert(1)",
        "%6a%61vascript%253Aalert(1)",
        "vbscript:x",
        "data:text/html,x",
        "data:image/svg+xml,x",
        "file:///etc/passwd",
        "feed:javascript:alert(1)",
        "view-source:https://a.example",
    ],
)
def test_unsafe_addresses(address):
    """Links that may run something, or leave the web, leave their text; so do images."""
    assert preview_html(f"[text]({address}) ![image]({address})") == "<p>text image</p>\n"


def test_relative_addresses_are_resolved():
    """A host says where relative addresses lead; None takes the link away, and all others stay."""
    known = {"../a%20b.md#c": "/pages/7?a&b", "x.png": "/files/x.png", "bad": "javascript:alert(1)"}
    markdown = (
        "[a](../a%20b.md#c) ![x](x.png) [gone](gone.md) [bad](bad) [s](#s) [w](https://w.example) [v](//v.example)"
    )
    assert preview_html(markdown, resolve=known.get, id_prefix="") == (
        '<p><a href="/pages/7?a&amp;b">a</a> <img src="/files/x.png" alt="x" /> gone bad <a href="#s">s</a> '
        '<a href="https://w.example">w</a> <a href="//v.example">v</a></p>\n'
    )


def test_anchors_are_those_of_the_passages():
    """A passage found by `sections` can be shown by its slug."""
    markdown = "# A `b` &lt;c&gt;\n\n> # A b c\n\n# A *b* c [d](e) ![f](g)\n"
    html = preview_html(markdown, id_prefix="p-")
    for section in sections(markdown):
        assert f'id="p-{section.slug}"' in html


PIECES = st.sampled_from(
    [
        *(SNIPPETS / "text.txt").read_text(encoding="utf-8").splitlines(),
        *["<sub>", "</sub>", "<sup>", "</sup>", "<br>", "</a>", "<a", "<!", "<?", "-->", "]]>", "[", "](", ")", "!["],
        *["```", "~~~", ">", "-", "|", "\\", "*", "**", "_", "~~", "`", "#", "&", ";", ":", '"', "'", "=", " "],
        "\n",
        "\n\n",
        "  ",
        '<a id="x">',
        "javascript:alert(1)",
        "&#58;",
        "| a | b |\n| --- | --- |\n",
        "<table>\n",
        "</table>\n",
        "<tr>\n",
        "</tr>\n",
        "<td>\n",
        '<th colspan="2">\n',
        "</td>\n",
        "<table>\n<tr>\n<td>\n\n",
        "\n\n</td>\n</tr>\n</table>\n",
        "- [ ] ",
        "> [!NOTE]\n> ",
        " onclick=x",
        "[x]: javascript:x\n",
        "[x]",
        '](javascript:x "t")',
        "\x00",
        "\ud800",
        "word",
    ]
)


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=25).map("".join)))
@example("[a <https://b.example> c](d)")
@example('```"onclick=x\n```')
@example("![<script>](x)")
@example('# <a id="x"></a> "><script>')
def test_nothing_can_run(markdown):
    """Whatever the text, the preview has the elements and attributes of the list, safe addresses, and tags in pairs."""
    check(preview_html(markdown))


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=20).map("".join))
def test_nothing_converted_can_run(storage):
    """The same holds for pages as they are converted."""
    check(preview_html(convert(storage).markdown))


@pytest.mark.parametrize(
    "line",
    [
        "# a\n",
        "<table>\n",
        "<table>\n<tr>\n<td>\n",
        "</table>\n",
        "> a\n- b\n",
        "> ",
        "- ",
        "<sub>",
        "<sub></sub>",
        "**a ",
        "[a](b) ",
        "![",
        "| a |\n",
        "`",
    ],
)
def test_long_documents(line):
    """Twenty thousand of anything are shown, at about their length."""
    html = preview_html(line * 20_000)
    check(html)
    assert len(html) < 100 * 20_000 * len(line)
