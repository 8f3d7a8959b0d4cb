"""Small documents to start from; each shows the fuzzer one more way in."""

from confluence_sync.converter import MACROS


def _macro(name):
    return (
        f'<ac:structured-macro ac:name="{name}"><ac:parameter ac:name="body">x](y</ac:parameter>'
        "<ac:plain-text-body>[x](y)\n```</ac:plain-text-body><ac:rich-text-body><p>z</p></ac:rich-text-body>"
        "</ac:structured-macro>"
    )


PAGES = [
    "<h1>Title</h1><p>Some <strong>bold</strong> and <em>other</em> words,<br/><code>a_b</code>.</p>",
    "<ul><li>one</li><li><p>two</p><ol><li>deep</li></ol></li></ul>",
    "<table><tr><th>a</th><th>b</th></tr><tr><td><p>c | d</p></td><td><ul><li>e</li></ul></td></tr></table>",
    '<table><tr><td rowspan="3" colspan="99">a</td><td>b</td></tr><tr><td>c</td></tr></table>',
    "<blockquote><p>quoted</p><pre>  kept\n</pre></blockquote><hr/>",
    '<p><a href="https://example.com/a_b(c)?d=1&amp;e=2">link</a> <a href="#part">here</a></p>',
    '<h2>part</h2><p><a href="/wiki/spaces/DOCS/pages/123/Title#part">page</a></p>',
    '<ac:link><ri:page ri:content-title="A *title*" ri:space-key="DOCS"/><ac:link-body>text</ac:link-body></ac:link>',
    '<p><ac:link><ri:user ri:account-id="1:a_b"/></ac:link></p>',
    '<ac:image ac:alt="](x"><ri:attachment ri:filename="a b_(1).png"/><ac:caption>words</ac:caption></ac:image>',
    (
        '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">python</ac:parameter>'
        "<ac:plain-text-body><![CDATA[if a < b:\n    ```]]></ac:plain-text-body></ac:structured-macro>"
    ),
    (
        '<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">T</ac:parameter><ac:rich-text-body>'
        "<p>x</p></ac:rich-text-body></ac:structured-macro>"
    ),
    '<p><ac:structured-macro ac:name="status"><ac:parameter ac:name="title">A</ac:parameter></ac:structured-macro></p>',
    '<ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">A-1</ac:parameter></ac:structured-macro>',
    '<ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">part</ac:parameter></ac:structured-macro>',
    (
        '<ac:structured-macro ac:name="mathblock"><ac:parameter ac:name="body">a\n&lt; b</ac:parameter>'
        "</ac:structured-macro>"
    ),
    (
        "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status>"
        "<ac:task-body>do</ac:task-body></ac:task></ac:task-list>"
    ),
    (
        '<ac:adf-extension><ac:adf-node type="decision-list"><ac:adf-node type="decision-item">'
        "<ac:adf-content>yes</ac:adf-content></ac:adf-node></ac:adf-node><ac:adf-fallback><p>no</p></ac:adf-fallback>"
        "</ac:adf-extension>"
    ),
    (
        "<ac:layout><ac:layout-section><ac:layout-cell><p>in &amp; out &rsquo;</p></ac:layout-cell>"
        "</ac:layout-section></ac:layout><!-- no -->"
    ),
    *map(_macro, sorted(MACROS)),
]
FILES = [
    "---\ntitle: x\n---\n\n# One\n\ntext\n\n## Two\n\n- a\n- b\n",
    "> [!NOTE]\n> words\n\n```\ncode\n```\n",
    "| a | b |\n| --- | --- |\n| c<br>d | [e](f.md) |\n",
    "1. one\n\n    > quoted\n\n[x]: https://example.com/\n\n![y](x.png)\n",
    'a <a id="x"></a> **b** *c* ~~d~~ `e` <https://example.com/> &amp; [f](javascript:x)\n',
]
