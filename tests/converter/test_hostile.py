"""Pages that mean harm: they are converted like any other, in a time that grows with their length and no faster."""

import re
import sys
from html import escape, unescape
from pathlib import Path

import pytest
import rendered

from confluence_sync.converter import convert, preview_html, sections
from confluence_sync.converter._steps import KNOWN

DEEP = 10_000
SNIPPETS = Path(__file__).parent / "hostile"
AROUND = ["{}", "<table><tr><td>{}</td></tr></table>", "<ul><li>{}</li></ul>", "<h1>{}</h1>"]
ACTIVE_ADDRESS = re.compile(r"""(?:href|src)=["']?(?:\w+:)*(?:javascript|vbscript|livescript|data):""", re.IGNORECASE)
IGNORED_BY_BROWSERS = re.compile("[\x00-\x20\x7f-\xa0\xad\u200b\ufeff]")


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


def documents():
    """Titles and documents."""
    text = (SNIPPETS / "documents.txt").read_text(encoding="utf-8")
    found = re.findall(r"^@@ (.+)\n([\s\S]*?)(?=^@@ |\Z)", text, re.MULTILINE)
    return [pytest.param(storage, id=title) for title, storage in found]


def test_there_are_a_hundred_documents():
    """Each another one."""
    assert len({document.values[0] for document in documents()}) >= 100


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("storage", documents())
def test_hostile_document(storage, around):
    """It is converted: no script, no address that runs one, no tag of Confluence, no fence without an end."""
    markdown = convert(around.format(storage)).markdown
    html = rendered.render(f"{markdown}\nthe end\n")
    prose = re.sub(r"<pre>.*?</pre>|<code>.*?</code>", "", html, flags=re.DOTALL)
    assert "<script" not in html.lower()
    assert not re.search(r"<(?!/?(?:a|sub|sup)\b)[^<>]*\son\w+=", html)
    assert not ACTIVE_ADDRESS.search(IGNORED_BY_BROWSERS.sub("", unescape(html)))
    assert not re.search(r"(?:<|&lt;)/?(?:ac|ri|at):|<!\[CDATA", prose, re.IGNORECASE)
    assert html.endswith("<p>the end</p>\n")
    assert all(line == line.rstrip() for line in markdown.split("\n"))
    assert "<script" not in preview_html(markdown).lower()
    assert sections(markdown) or not markdown.strip()


@pytest.mark.parametrize("storage", documents())
def test_linear_time(storage):
    """Twice as much of it takes twice as many steps, and gives twice as much text."""
    few, many = steps(storage * 60), steps(storage * 120)
    assert many <= 2.2 * few + 1000
    assert len(convert(storage * 120).markdown) <= 2 * len(convert(storage * 60).markdown) + 2000
    assert len(convert(storage).markdown) <= 30 * len(storage) + 100


CONTAINERS = {
    "document": "{}",
    "paragraph": "<p>{}</p>",
    "heading": "<h2>{}</h2>",
    "quote": "<blockquote>{}</blockquote>",
    "item": "<ul><li>{}</li></ul>",
    "list": "<ol>{}</ol>",
    "task": "<ac:task-list><ac:task><ac:task-body>{}</ac:task-body></ac:task></ac:task-list>",
    "cell": "<table><tr><td>{}</td></tr></table>",
    "table": "<table>{}</table>",
    "emphasis": "<p><em>{}</em></p>",
    "code": "<p><code>{}</code></p>",
    "link": '<a href="https://example.com/">{}</a>',
    "link of Confluence": '<ac:link><ri:page ri:content-title="a"/><ac:link-body>{}</ac:link-body></ac:link>',
    "image": '<ac:image><ri:url ri:value="https://example.com/a.png"/>{}</ac:image>',
    "panel": '<ac:structured-macro ac:name="info"><ac:rich-text-body>{}</ac:rich-text-body></ac:structured-macro>',
    "parameter": '<ac:structured-macro ac:name="expand"><ac:parameter>{}</ac:parameter></ac:structured-macro>',
    "extension": "<ac:adf-extension><ac:adf-node>{}</ac:adf-node></ac:adf-extension>",
}
ELEMENTS = [
    *("p", "div", "h2", "blockquote", "pre", "ul", "li", "table", "tr", "td", "caption", "b", "code", "sub", "span"),
    *("a", "ac:link", "ac:image", "ac:caption", "ac:task-list", "ac:task", "ac:structured-macro", "ac:parameter"),
    *("ac:rich-text-body", "ac:adf-extension", "ac:placeholder", "time", "ac:odd"),
]


@pytest.mark.parametrize("around", CONTAINERS.values(), ids=CONTAINERS)
def test_linear_time_in_containers(around):
    """Twice as many of any element take twice as many steps, whatever they are in, closed or left open."""
    for name in ELEMENTS:
        for markup in (f"<{name}>t</{name}>", f"<{name}>t <i>"):
            few, many = (steps(around.replace("{}", markup * count)) for count in (40, 80))
            assert many <= 2.2 * few + 200, markup


def steps(storage):
    """Count the calls of a conversion."""
    count = 0

    def call(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(call)
    try:
        convert(storage)
    finally:
        sys.setprofile(None)
    return count


def macro(name, content):
    return f'<ac:structured-macro ac:name="{name}">{content}</ac:structured-macro>'


TITLE = '<ac:parameter ac:name="title">{}</ac:parameter>'
TASK = "<ac:task><ac:task-status>complete</ac:task-status><ac:task-body>{}</ac:task-body></ac:task>"
PLACES = {
    "paragraph": "<p>{}</p>",
    "paragraph after a break": "<p>a<br/>{}<br/>b</p>",
    "division": "<div>{}</div>",
    "item": "<ul><li>{}</li></ul>",
    "item with more": "<ol><li><p>{}</p><p>a</p></li></ol>",
    "task": f"<ac:task-list>{TASK}</ac:task-list>",
    "quote": "<blockquote>{}</blockquote>",
    "heading": "<h2>{}</h2>",
    "cell": "<table><tr><th>a</th></tr><tr><td>{}</td></tr></table>",
    "header": "<table><tr><th>{}</th><th>a</th></tr><tr><th>{}</th></tr></table>",
    "emphasis": "<p><em>a {} b</em></p>",
    "between emphasis": "<p><b>a</b> {} <b>b</b></p>",
    "link": '<p><a href="https://example.com/">{}</a></p>',
    "link of Confluence": '<p><ac:link><ri:page ri:content-title="{}"/></ac:link></p>',
    "caption": '<ac:image><ri:url ri:value="https://example.com/a.png"/><ac:caption>{}</ac:caption></ac:image>',
    "panel": macro("info", "<ac:rich-text-body>{}</ac:rich-text-body>"),
    "title of a panel": macro("info", f"{TITLE}<ac:rich-text-body>a</ac:rich-text-body>"),
    "title": macro("expand", TITLE),
    "status": f"<p>{macro('status', TITLE)}</p>",
}


@pytest.mark.parametrize("text", snippets("text"))
@pytest.mark.parametrize("place", PLACES)
def test_text_stays_text(text, place):
    """What looks like Markdown or HTML is read as it is written, and makes nothing but text."""
    written = escape(text)
    markdown = convert(PLACES[place].replace("{}", written)).markdown
    plain = convert(PLACES[place].replace("{}", "word")).markdown
    assert " ".join(text.split()) in rendered.text(markdown)
    assert tags(markdown) == tags(plain)


def tags(markdown):
    """The elements that Markdown makes, in their order."""
    return re.findall(r"</?(\w+)", rendered.render(markdown))


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


@pytest.mark.parametrize("place", ["{}", "<h2>{}</h2>", '<a href="https://example.com/">{}</a>'])
def test_dates_within_each_other(place):
    """What is in them is written once: the text of those without a date, and of the others the date."""
    storage = place.replace("{}", "<time>word" * 100 + '<time datetime="2024-05-06T07:08">word' * 100)
    assert convert(storage).markdown.count("word") == 100
    assert convert(storage).markdown.count("2024-05-06") == 1


EDITED = (
    '<ac:task-list ac:task-list-id="{0}" local-id="{0}"><ac:task><ac:task-body>'
    '<ac:link ac:local-id="{0}"><ri:user ri:account-id="1" ri:local-id="{0}"/></ac:link>'
    '<ac:inline-comment-marker ac:ref="{0}">text</ac:inline-comment-marker></ac:task-body></ac:task></ac:task-list>'
    '<table data-local-id="{0}"><ac:adf-fragment-mark><ac:adf-fragment-mark-detail name="Table 1" local-id="{0}"/>'
    '</ac:adf-fragment-mark><tbody><tr ac:local-id="{0}"><td>text</td></tr></tbody></table>'
    '<ac:structured-macro ac:name="info" ac:macro-id="{0}"><ac:rich-text-body>text</ac:rich-text-body>'
    "</ac:structured-macro>"
)
"""What the editor writes, with an identifier wherever it puts one."""


def test_identifiers_take_no_room():
    """Tags that differ in what the editor identifies them by alone are worked out once, and lose nothing."""
    conversion = convert(EDITED.format("0"))
    known = set(KNOWN)
    for number in range(20):
        assert convert(EDITED.format(f"b497a139-28{number}")) == conversion
    assert set(KNOWN) == known
    assert conversion.warnings == ()
