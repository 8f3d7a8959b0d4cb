"""The `markdown` macro: Markdown of authors becomes safe and clean, and its code stays as it is."""

import re

import pytest
import rendered
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confluence_sync.converter import convert


def converted(text):
    """The Markdown of a page with such a macro, between two paragraphs."""
    text = text.replace("]]>", "")
    macro = f'<ac:structured-macro ac:name="markdown"><ac:plain-text-body><![CDATA[{text}]]></ac:plain-text-body>'
    return convert(f"<p>before</p>{macro}</ac:structured-macro><p>after</p>").markdown


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("a\r\nb\rc\x00d \t", "a\nb\ncd"),
        ("a  \nb", "a\\\nb"),
        ("a  \n\nb   ", "a\n\nb"),
        ("# a  \nb", "# a\nb"),
        ("a  \n- b", "a\n- b"),
        ("<b>a</b> <!-- c --> 1 < 2", "&lt;b>a&lt;/b> &lt;!-- c --> 1 < 2"),
        ("<https://example.com/>", "<https://example.com/>"),
        ("see `<b>` and ``<i> ` ``", "see `<b>` and ``<i> ` ``"),
        ("```html  \n<b>  \n```", "```html\n<b>\n```"),
        ("~~~\n```\n<b>\n~~~\n<b>", "~~~\n```\n<b>\n~~~\n&lt;b>"),
        ("```\nopen\n\n", "```\nopen\n```"),
        ("`open\n<b>`<b>`", "`open\n&lt;b>`&lt;b>`"),
        ("| `a | <b>` |", "| `a | &lt;b>` |"),
        ("[a](javascript:x) ![b](data:c) [d](e)", "[a](#) ![b](#) [d](e)"),
        ('[a]( <java&#115;cript:x> "t")', '[a]( # "t")'),
        ("[a]:\n  vbscript:x", "[a]:\n  #"),
        ("[a](<b c.md>)", "[a](b%20c.md)"),
    ],
)
def test_authored(text, markdown):
    """The text of the author, as Markdown of ours."""
    assert converted(text) == f"before\n\n{markdown}\n\nafter\n"


@pytest.mark.parametrize(
    "text", ["- ```\n  a", "> ~~~\n> a\n\nb", "1. ```\n   a\nb\n```\nc", "   ```\na", "- a\n  ```\n\n  b"]
)
def test_code_without_an_end(text):
    """Code that is never closed does not take in what follows."""
    assert "<p>after</p>" in rendered.render(converted(text))


HOSTILE = st.sampled_from(
    [
        *("`", "``", "```", "\n```", "\n~~~\n", "\n", "\n\n", "\r", "  ", "    ", "\t", "|", "\\", "a", "=="),
        *("# ", "1. ", "> ", "- ", "<script>", "<b", "<!--", "<![CDATA[", "<?x"),
        *("[a](", "]: ", "javascript:x", "java&#115;cript:x", "<javascript:x>", ")"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(HOSTILE, max_size=14).map("".join))
@example("    ```\n<script>\n    ```")
@example("- ```\n<script>\n```")
@example("\\`<script>`")
@example("` | ` <script> `")
@example("[a](`<script>`)")
def test_nothing_active(text):
    """Whatever an author writes, there is no HTML of theirs, no link that runs anything, and the page goes on."""
    markdown = converted(text)
    html = rendered.render(markdown)
    assert not re.search(r"<(?:script|b[ >]|!--|\?)", html)
    assert not re.search(r"(?:href|src)=\"\s*(?:javascript|vbscript)", html, re.IGNORECASE)
    assert html.rstrip().endswith("after</p>")
    assert all(line == line.rstrip() for line in markdown.split("\n"))


def test_long_texts():
    """The length of the result follows that of the text."""
    for text in (
        "`" * 100_000,
        "`a" * 50_000,
        "[a](" * 50_000,
        "```\n" * 50_000,
        "> " * 20_000 + "```",
        "a  \n" * 50_000,
    ):
        assert len(converted(text)) < 3 * len(text) + 100
