"""Pages that mean harm: they are converted like any other, in a time that grows with their length and no faster."""

import re
import sys
from pathlib import Path

import pytest
import rendered

from confluence_sync.converter import convert

DEEP = 10_000
SNIPPETS = Path(__file__).parent / "hostile"


def snippets(name):
    """One to a line."""
    return (SNIPPETS / f"{name}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("markup", snippets("nested"))
@pytest.mark.parametrize("closed", [False, True])
def test_deep_nesting(markup, closed):
    """Ten thousand levels touch no limit, and the text is there."""
    names = re.findall(r"<([\w:-]+)", markup)
    end = "".join(f"</{name}>" for name in reversed(names)) * DEEP if closed else ""
    limit = sys.getrecursionlimit()
    markdown = convert(f"{markup * DEEP}word{end}<p>after</p>").markdown
    assert limit == sys.getrecursionlimit()
    assert len(markdown) < 40 * DEEP
    assert "word" in markdown or "ri:" in markup


@pytest.mark.parametrize("markup", ["\x00", "\ud800", *snippets("repeated")])
def test_many_siblings(markup):
    """A hundred thousand of anything are converted, to text of about their length."""
    assert len(convert(f"<p>{markup * 30_000}").markdown) < 40 * 30_000 * len(markup) + 100


@pytest.mark.parametrize("storage", snippets("active"))
@pytest.mark.parametrize("around", ["{}", "<table><tr><td>{}</td></tr></table>", "<ul><li>{}</li></ul>", "<h1>{}</h1>"])
def test_nothing_active(storage, around):
    """Neither the Markdown nor its HTML has a script, an address that runs one, or an element of Confluence."""
    markdown = convert(around.format(storage)).markdown
    html = rendered.render(markdown)
    assert "<script" not in markdown.lower()
    assert not re.search(r"</?(?:ac|ri|at):", markdown)
    assert not re.search(r"<script|(?:href|src)=\"\s*(?:javascript|vbscript|data):", html, re.IGNORECASE)


@pytest.mark.parametrize(
    "code", ["```", "~~~\n```\n````", "`" * 50, "x\n```\n</ac:plain-text-body>", "", "\r\n\r\n", "]]"]
)
@pytest.mark.parametrize(
    "around", ["{}", "<ul><li>{}</li></ul>", "<blockquote>{}</blockquote>", "<table><tr><td>{}</td></tr></table>"]
)
def test_no_fence_is_broken(code, around):
    """What is in a block of code cannot end it."""
    macro = (
        '<ac:structured-macro ac:name="code"><ac:plain-text-body>'
        f"<![CDATA[{code}]]></ac:plain-text-body></ac:structured-macro>"
    )
    html = rendered.render(convert(around.format(macro) + "<p>after</p>").markdown)
    assert "<p>after</p>" in html


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("java" + "&#9;" * 250 + "script:alert(1)", id="control characters"),
        pytest.param("&#8203;" * 250 + "javascript:alert(1)", id="characters without width"),
        "feed:javascript:alert(1)",
        "view-source:javascript:alert(1)",
    ],
)
def test_addresses_that_hide_what_they_run(address: str):
    """However far in front it is hidden, a scheme that runs something makes no link."""
    assert convert(f'<p><a href="{address}">text</a></p>').markdown == "text\n"


def test_formula_lines_end_clean():
    """What is taken out of a formula leaves no space at the end of its line."""
    formula = '<ac:parameter ac:name="body">} <k>\n></ac:parameter>'
    converted = convert(f'<ac:structured-macro ac:name="mathblock">{formula}</ac:structured-macro>')
    assert not any(line.endswith(" ") for line in converted.markdown.split("\n"))
