"""Links through a resolver, and Confluence's own addresses."""

import pytest

from confluence_sync.converter import ConvertOptions, account_ids, convert, preview_html, sections
from confluence_sync.models import AttachmentLink, ConversionWarning, PageLink, ResolvedLink

SITE = ConvertOptions(site_url="https://example.atlassian.net/wiki")


class Resolver:
    """Knows one page, by id and by title, one attachment and one user."""

    def page(self, link):
        if "42" in (link.page_id, link.title) or link.title == "Set-up":
            return ResolvedLink("../Set-up.md", "Set-up", local=True)
        if link.title == "Elsewhere":
            return ResolvedLink("https://example.atlassian.net/wiki/x", "Elsewhere")
        return None

    def attachment(self, link):
        return ResolvedLink("https://example.atlassian.net/a.png") if link.filename == "a.png" else None

    def user(self, account_id):
        return "Documentation Team" if account_id == "u1" else None

    def children(self, link):
        return [ResolvedLink("Page/One.md", "One"), ResolvedLink("Page/Two.md", "Two [2]")]


def converted(storage):
    return convert(storage, resolver=Resolver(), options=SITE)


@pytest.mark.parametrize(
    ("storage", "markdown"),
    [
        ('<ac:link><ri:page ri:content-title="Set-up" /></ac:link>', "[Set-up](../Set-up.md)"),
        (
            '<ac:link ac:anchor="First Steps"><ri:page ri:content-title="Set-up" /></ac:link>',
            "[Set-up](../Set-up.md#first-steps)",
        ),
        (
            '<ac:link ac:anchor="A-b"><ri:page ri:content-title="Elsewhere" /><ac:link-body>x</ac:link-body></ac:link>',
            "[x](https://example.atlassian.net/wiki/x#A-b)",
        ),
        ('<ac:link><ri:content-entity ri:content-id="42" /></ac:link>', "[Set-up](../Set-up.md)"),
        ('<ac:link><ri:page ri:content-title="Gone" /></ac:link>', "Gone"),
        ('<ac:link><ri:attachment ri:filename="b.png" /></ac:link>', "b.png"),
        ('<ac:image><ri:attachment ri:filename="a.png" /></ac:image>', "![](https://example.atlassian.net/a.png)"),
        ('<ac:image ac:alt="B"><ri:attachment ri:filename="b.png" /></ac:image>', "B"),
        ('<ac:link><ri:user ri:account-id="u1" /></ac:link>', "@Documentation Team"),
        ('<ac:link><ri:space ri:space-key="OPS" /></ac:link>', "[OPS](https://example.atlassian.net/wiki/spaces/OPS)"),
        (
            '<ac:link><ri:blog-post ri:space-key="OPS" ri:content-title="A b" ri:posting-day="2024/01/30" /></ac:link>',
            "[A b](https://example.atlassian.net/wiki/display/OPS/2024/01/30/A+b)",
        ),
        (
            '<ac:macro ac:name="jira"><ac:parameter ac:name="key">ABC-1</ac:parameter></ac:macro>',
            "[ABC-1](https://example.atlassian.net/browse/ABC-1)",
        ),
        ('<ac:structured-macro ac:name="children" />', "- [One](Page/One.md)\n- [Two \\[2\\]](Page/Two.md)"),
        (
            '<ac:macro ac:name="include"><ac:parameter><ri:page ri:content-title="Set-up" /></ac:parameter></ac:macro>',
            "[Set-up](../Set-up.md)",
        ),
    ],
)
def test_resolved(storage, markdown):
    """A link leads where the resolver says, and is text if it says nothing."""
    assert converted(storage).markdown == f"{markdown}\n"


@pytest.mark.parametrize(
    "address",
    [
        "https://example.atlassian.net/wiki/spaces/DOC/pages/42/Set-up",
        "https://example.atlassian.net/wiki/spaces/DOC/pages/42",
        "/wiki/spaces/~abc/pages/42/Set-up",
        "https://example.atlassian.net/wiki/pages/viewpage.action?pageId=42",
        "/wiki/display/DOC/Set-up",
        "/wiki/pages/viewpage.action?spaceKey=DOC&amp;title=Set-up",
        "https://example.atlassian.net/wiki/x/Kg",
    ],
)
def test_addresses_of_pages(address):
    """An address of a page is a link to the page, however it is spelled."""
    assert converted(f'<a href="{address}#A-b">x</a>').markdown == "[x](../Set-up.md#a-b)\n"


@pytest.mark.parametrize(
    ("address", "href"),
    [
        (
            "https://other.atlassian.net/wiki/spaces/DOC/pages/42/Set-up",
            "https://other.atlassian.net/wiki/spaces/DOC/pages/42/Set-up",
        ),
        (
            "https://example.atlassian.net/wiki/spaces/DOC/pages/43/x",
            "https://example.atlassian.net/wiki/spaces/DOC/pages/43/x",
        ),
        ("/wiki/spaces/DOC/pages/43/x", "https://example.atlassian.net/wiki/spaces/DOC/pages/43/x"),
        ("//example.com/display/A/B", "//example.com/display/A/B"),
        ("https://[broken", "https://[broken"),
    ],
)
def test_other_addresses(address, href):
    """Any other address stays, absolute if it is known of which site it is."""
    assert converted(f'<a href="{address}">x</a>').markdown == f"[x]({href})\n"


def test_what_is_met_is_reported_once_and_in_order():
    """Links, attachments and mentions are there for the engine, resolved or not."""
    result = converted(
        '<ac:link><ri:page ri:content-title="B" ri:space-key="K" /></ac:link>'
        '<ac:link><ri:page ri:content-title="A" /></ac:link>'
        '<ac:link><ri:page ri:content-title="B" ri:space-key="K" /></ac:link><a href="/wiki/spaces/K/pages/7/x">x</a>'
        '<ac:image><ri:attachment ri:filename="c.png"><ri:page ri:content-title="A" /></ri:attachment></ac:image>'
        '<ac:link><ri:user ri:account-id="u2" /></ac:link>'
    )
    assert result.links == (
        PageLink(title="B", space_key="K"),
        PageLink(title="A"),
        PageLink(page_id="7", space_key="K"),
    )
    assert result.attachments == (AttachmentLink("c.png", PageLink(title="A")),)
    assert result.mentions == ("u2",)


def test_warnings_name_what_is_lost_and_where():
    """The same loss is counted; its first place is the heading above it."""
    macro = '<ac:structured-macro ac:name="mystery" />'
    result = convert(f'{macro}<h1>A <b>b</b></h1>{macro}<ac:structured-macro ac:name="toc" /><ac:odd/><p>x')
    assert result.warnings == (
        ConversionWarning(kind="unknown_macro", name="mystery", count=2),
        ConversionWarning(kind="dynamic_macro", name="toc", heading="A b"),
        ConversionWarning(kind="unknown_element", name="ac:odd", heading="A b"),
    )


def test_what_is_not_closed_is_reported():
    """Broken input is read as far as it goes, with a warning."""
    assert [warning.kind for warning in convert("<ul><li>x").warnings] == ["malformed"]


def test_a_host_adds_a_macro():
    """A rule of the host's own is a function of the macro."""

    def video(macro):
        macro.write_link(macro.parameter("title"), macro.parameter("url"))

    storage = (
        '<p>See <ac:structured-macro ac:name="Video"><ac:parameter ac:name="title">the film</ac:parameter>'
        '<ac:parameter ac:name="url">https://example.com/v</ac:parameter></ac:structured-macro>.</p>'
    )
    options = ConvertOptions(macros={"video": video})
    assert convert(storage, options=options).markdown == "See [the film](https://example.com/v).\n"
    assert options.fingerprint != ConvertOptions().fingerprint


def test_anchors_in_headings_leave_no_trace_but_themselves():
    """Headings with anchors have the paths, the slugs and the text they would have without."""
    anchors = [
        f'<ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">{name}</ac:parameter></ac:structured-macro>'
        for name in ("Start here", "Set-up")
    ]
    storage = "<h1>Guide</h1>" + f"<h2>{''.join(anchors)}Set-up</h2>" + '<ac:structured-macro ac:name="toc" />'
    result = convert(storage)
    assert result.markdown == '# Guide\n\n## <a id="start-here"></a>Set-up\n'
    assert result.warnings[0].heading == "Set-up"
    section = sections(result.markdown)[-1]
    assert (section.heading_path, section.slug, section.anchor) == (("Guide", "Set-up"), "set-up", "Set-up")
    html = preview_html(result.markdown, id_prefix="")
    assert html.endswith('<h2 id="set-up"><a id="start-here"></a>Set-up</h2>\n')


@pytest.mark.parametrize("text", ["https://example.atlassian.net/wiki/spaces/DOC/pages/42/Set-up#a", "", " "])
def test_cards(text):
    """A link that shows the address of a page, or nothing, as cards do, gets the page's title."""
    storage = f'<a href="{SITE.site_url}/spaces/DOC/pages/42/Set-up#a" data-card-appearance="inline">{text}</a>'
    assert converted(storage).markdown == "[Set-up](../Set-up.md#a)\n"


def test_links_in_links_are_a_part_of_them():
    """A macro that is about a link is about one page, however many links the link has in it."""
    seen = []
    storage = (
        '<ac:structured-macro ac:name="about"><ac:parameter ac:name="page">'
        + '<ac:link><ri:page ri:content-title="A"/>' * 50
    )
    convert(storage, options=ConvertOptions(macros={"about": lambda macro: seen.extend(macro.references)}))
    assert seen == [PageLink(title="A")]


def test_account_ids_are_found_without_conversion():
    """One scan finds every mention."""
    storage = '<ri:user ri:account-id="u:1" /><ri:user ri:userkey=\'u2\'/><ri:user ri:account-id="u:1"/><ri:user/>'
    assert account_ids(storage) == {"u:1", "u2"}


@pytest.mark.parametrize(("name", "warns"), [("ac:odd", True), ("x:odd", True), ("at:var", False), ("odd", False)])
def test_unknown_elements_are_named(name, warns):
    """Of an unknown element the content stays; one with a prefix is named, unless it belongs to a template."""
    converted = convert(f"<p><{name}>word</{name}></p>")
    assert converted.markdown == "word\n"
    assert [warning.name for warning in converted.warnings] == ([name] if warns else [])
