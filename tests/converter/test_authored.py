"""The `markdown` macro: Markdown of authors becomes safe and clean, and its code stays as it is."""

import re

import pytest
import rendered
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

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
        ("[a](javascript:x) ![b](data:c) [d](e)", "[a](#) ![b](#) [d](e)"),
        ("[x]([y](javascript:alert(1))", "[x]([y](#)"),
        ("a\n<br>\n```\n<script>\n```", "a\n\n```\n<script>\n```"),
        ("[a](<b&amp;c d.md>)", "[a](b&c%20d.md)"),
        ("a<br>\nb<br/>\n\n| c<br>d | e |\n", "a\\\nb\n\n| c<br>d | e |"),
        ("\\<b> \\\\<b>", "&lt;b> \\\\&lt;b>"),
        ("the data: `List<T>` in [a](b) <c>", "the data: `List<T>` in [a](b) &lt;c>"),
        (
            "- a\n  ```java\n  List<String>\n\n  b\n  ```\n- <b>",
            "- a\n  ```java\n  List<String>\n\n  b\n  ```\n- &lt;b>",
        ),
        (
            "1. a\n    ```\n    <b>\n    ```\n2. c\n    ~~~\n    <b>",
            "1. a\n    ```\n    <b>\n    ```\n2. c\n    ~~~\n    <b>\n    ~~~",
        ),
        ("> ```\n> <b>\n>\n> ```\n> <b>", "> ```\n> <b>\n>\n> ```\n> &lt;b>"),
        ("[a](<&#106;avascript: x>)", "[a](#)"),
        ("[a](<b c.md>)", "[a](b%20c.md)"),
    ],
)
def test_authored(text, markdown):
    """The text of the author, as Markdown of ours."""
    assert converted(text) == f"before\n\n{markdown}\n\nafter\n"


@pytest.mark.parametrize(
    "text",
    [
        "> [x](\n> javascript:alert(1))",
        "> [x]:\n> javascript:alert(1)\n\n[x]",
        "[x]: [y](&#106;avascript:1)",
        '[a]( <java&#115;cript:x> "t")',
        "[a](javascript\\:x)",
        "[a]:\n  vbscript:x",
        "<https://e.com/`><javascript:alert(1)>`",
        "<https://e.com/`><b><https://e.com/`>",
        "https://e.com/`<b>`",
        "[a][`b] ` c ` <b> `\n\n[`b]: /d",
        "[a](`) `<b>`",
        "`open\n<b>`<b>`",
        "| `a | <b>` |",
        "\\`<b>`",
        "    List<String>",
        "- a\n\n      List<String> <br>",
        "p\n    ```\n    <b>\n    ```",
        "2. ```\n   List<String>\n   ```",
        "- ```\n  a\n<b>",
        "```\n<b>\n```\n\n    <b>",
    ],
)
def test_doubtful(text):
    """What may be code, and would do harm if it is not, makes a block of code of the whole text."""
    ticks = "````" if "```" in text else "```"
    assert converted(text) == f"before\n\n{ticks}markdown\n{text}\n{ticks}\n\nafter\n"


@pytest.mark.parametrize(
    "text", ["- ```\n  a", "> ~~~\n> a\n\nb", "1. ```\n   a\nb\n```\nc", "   ```\na", "- a\n  ```\n\n  b"]
)
def test_code_without_an_end(text):
    """Code that is never closed does not take in what follows."""
    assert "<p>after</p>" in rendered.render(converted(text))


MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
MARKDOWN.validateLink = lambda _address: True  # active ones are to be seen, not hidden

HOSTILE = st.sampled_from(
    [
        *("`", "``", "```", "\n```", "\n~~~\n", "\n", "\n\n", "\r", "  ", "    ", "\t", "|", "\\", "a", "=="),
        *("# ", "1. ", "> ", "- ", "\n> ", "\n  ", "<script>", "<b", "<!--", "<![CDATA[", "<?x", "<br>", "\n<br>\n"),
        *("[a](", "]: ", "[a", "][", "]", ")", "https://a.b/`"),
        *("javascript:x", "java&#115;cript:x", "<javascript:x>"),
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
    html = MARKDOWN.render(markdown)
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
