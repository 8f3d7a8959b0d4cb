"""Pages that mean harm: they are converted like any other, in a time that grows with their length and no faster."""

import re
import sys

import pytest
import rendered

from confluence_sync.converter import convert

DEEP = 10_000
OPEN_MACRO = '<ac:structured-macro ac:name="info"><ac:rich-text-body>'

NESTED = [
    "<ul><li>", "<ul>", "<ol><li><p>", "<div>", "<blockquote>", "<table><tr><td>", "<b>", "<b><i>", "<em><code>", "<pre>",
    '<a href="https://example.com/">', "<ac:link>", OPEN_MACRO, OPEN_MACRO.replace("info", "x"), "<h1>", "<sup><sub>",
    "<ac:task-list><ac:task><ac:task-body>", "<ac:adf-extension><ac:adf-fallback>", "<ac:image><ac:caption>", "<b>x<p>",
    '<ac:structured-macro ac:name="code"><ac:plain-text-body>', "<ri:attachment>", "<ac:layout><ac:layout-section>",
]  # fmt: skip
REPEATED = [
    "<p>x</p>", "<span>x</span>", "<b>x</b><i>y</i>", "a<b>.x</b>b", "<br/>", "x<br/>", "</p></td></b>", "<li>x", "<td>x", "*", "*_",
    "`", "[", "](", "![", "~~", "<", "<a ", "<a '", '<a "', "<![CDATA[", "]]>", "<!--", "&", "&a", "&#x41;", "<h1>x</h1>", "| ",
    "<ac:link ac:anchor='x'>x</ac:link>", "<table><tr><td colspan='9999' rowspan='9999'>x", "<hr/>", "\x00", "\ud800", "# ", "\\",
]  # fmt: skip
ACTIVE = [
    "<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", "<p><![CDATA[<script>]]></p>",
    '<a href="javascript:alert(1)">x</a>', '<a href="JAVA&#x0A;SCRIPT:x">x</a>', '<img src="javascript:x"/>',
    '<ac:image><ri:url ri:value="javascript:x"/></ac:image>', '<ac:link><ri:url ri:value="vbscript:x"/></ac:link>',
    '<ac:structured-macro ac:name="iframe"><ac:parameter ac:name="src">javascript:x</ac:parameter></ac:structured-macro>',
    '<ac:structured-macro ac:name="markdown"><ac:plain-text-body><![CDATA[<script>x</script>]]></ac:plain-text-body></ac:structured-macro>',
    '<ac:structured-macro ac:name="mathinline"><ac:parameter ac:name="body">&lt;script&gt;</ac:parameter></ac:structured-macro>',
    '<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">&lt;script&gt;</ac:parameter><ac:rich-text-body>x</ac:rich-text-body></ac:structured-macro>',
    '<ac:image ac:alt="](javascript:x)&lt;script&gt;"><ri:attachment ri:filename="&lt;script&gt;"/></ac:image>',
    '<ac:emoticon ac:emoji-fallback="&lt;script&gt;"/>', '<time datetime="&lt;script&gt;"/>', "<p>&lt;<b>script</b>&gt;</p>",
    "<p>&lt;<span>script</span>&gt;</p>", "<ac:link", "<ac:link ri=\"x<p>y", "</ac:link><ac:x>y</ac:x>", "<ac:structured-macro ac:na",
    '<a href="https://example.com/&gt;&lt;script&gt;">x</a>', '<ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">&lt;script&gt;</ac:parameter></ac:structured-macro><a href="#&lt;script&gt;">x</a>',
]  # fmt: skip


@pytest.mark.parametrize("markup", NESTED)
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


@pytest.mark.parametrize("markup", REPEATED)
def test_many_siblings(markup):
    """A hundred thousand of anything are converted, to text of about their length."""
    assert len(convert(f"<p>{markup * 30_000}").markdown) < 40 * 30_000 * len(markup) + 100


@pytest.mark.parametrize("storage", ACTIVE)
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
    macro = f'<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[{code}]]></ac:plain-text-body></ac:structured-macro>'
    html = rendered.render(convert(around.format(macro) + "<p>after</p>").markdown)
    assert "<p>after</p>" in html
