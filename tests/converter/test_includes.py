"""Pages in pages: what `include` and `excerpt-include` become where the host puts pages in."""

import pytest

from confluence_sync.converter import ConvertOptions, convert, preview_html, sections
from confluence_sync.models import AttachmentLink, ConversionWarning, PageLink, ResolvedLink


def include(title, space="", macro="include", **parameters):
    """A macro that includes a page."""
    key = f' ri:space-key="{space}"' if space else ""
    more = "".join(f'<ac:parameter ac:name="{name}">{value}</ac:parameter>' for name, value in parameters.items())
    page = f'<ac:link><ri:page ri:content-title="{title}"{key} /></ac:link>'
    return (
        f'<ac:structured-macro ac:name="{macro}"><ac:parameter ac:name="">{page}</ac:parameter>'
        f"{more}</ac:structured-macro>"
    )


def excerpt_include(title, space="", **parameters):
    return include(title, space, "excerpt-include", **parameters)


def excerpt(content, name=""):
    parameter = f'<ac:parameter ac:name="name">{name}</ac:parameter>' if name else ""
    return (
        f'<ac:structured-macro ac:name="excerpt">{parameter}<ac:rich-text-body>{content}</ac:rich-text-body>'
        "</ac:structured-macro>"
    )


def anchor(name):
    return f'<ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">{name}</ac:parameter></ac:structured-macro>'


class Resolver:
    """Knows all pages, and says how it was asked."""

    def page(self, link):
        return ResolvedLink(f"{link.space_key}/{link.title}.md", link.title, local=True)

    def attachment(self, link):
        return ResolvedLink(f"{link.page.title if link.page else 'own'}/{link.filename}")

    def user(self, account_id):
        return None

    def children(self, link):
        return [ResolvedLink("a.md", f"child of {link.title if link else 'this'}")]


class Site:
    """Pages by title; remembers what was asked for."""

    def __init__(self, **pages):
        self.pages = pages
        self.asked = []

    def __call__(self, link):
        self.asked.append((link.space_key, link.title))
        return self.pages.get(link.title)


def converted(storage, site, resolver=None):
    return convert(storage, resolver=resolver, options=ConvertOptions(include=site))


def test_a_page_stands_where_the_macro_stands():
    """A page is read as if it had been written there; its headings stay as they are, and nothing is lost."""
    site = Site(Shared="<h2>Terms</h2><p>b</p><hr/><ul><li>c</li></ul>")
    result = converted(f"<h1>Page</h1><p>a {include('Shared')} d</p><p>e</p>", site)
    assert result.markdown == "# Page\n\na\n\n## Terms\n\nb\n\n---\n\n- c\n\nd\n\ne\n"
    assert result.warnings == ()
    assert result.included == (PageLink(title="Shared"),)
    assert [section.heading_path for section in sections(result.markdown)][-1] == ("Page", "Terms")


def test_without_the_host_and_without_the_page_there_is_a_link():
    """A page the host does not give is linked, with a warning."""
    storage = include("Shared", "DOC")
    asked = converted(storage, Site(), Resolver())
    assert asked.markdown == convert(storage, resolver=Resolver()).markdown == "[Shared](DOC/Shared.md)\n"
    assert asked.warnings == (ConversionWarning(kind="included_page", name="include"),)
    assert asked.included == (PageLink(title="Shared", space_key="DOC"),)


def test_in_cells_lists_and_headings():
    """An included page takes the form of what it stands in."""
    site = Site(P="<p>a</p><p>b</p>")
    table = f"<table><tr><th>x</th></tr><tr><td>{include('P')}</td></tr></table>"
    assert converted(table, site).markdown == "| x |\n| --- |\n| a<br>b |\n"
    assert converted(f"<ul><li>x{include('P')}</li></ul>", site).markdown == "- x\n\n  a\n\n  b\n"
    assert converted(f"<h1>x {include('P')}</h1>", site).markdown == "# x a b\n"


@pytest.mark.parametrize(
    ("name", "markdown"),
    [("", "see first now\n"), ("second", "see **second** now\n"), ("third", "see\n\nthird\n\n- x\n\nnow\n")],
)
def test_excerpts(name, markdown):
    """Of a page only the excerpt is taken, by its name or the first; one of a paragraph stands in the sentence."""
    page = "<p>not this</p>" + excerpt("<p>first</p>") + excerpt("<p><b>second</b></p>", "second")
    page += "<!-- </ac:structured-macro> --><p>nor this</p>" + excerpt("<p>third</p><ul><li>x</li></ul>", "third")
    parameters = {"name": name} if name else {}
    result = converted(f"<p>see {excerpt_include('P', **parameters)} now</p>", Site(P=page))
    assert result.markdown == markdown
    assert result.warnings == ()


def test_an_excerpt_in_bold_text():
    """Emphasis around an excerpt goes on around it."""
    site = Site(P=excerpt("<p>1.2</p>"))
    assert converted(f"<p><b>Version {excerpt_include('P')} now</b></p>", site).markdown == "**Version 1.2 now**\n"


@pytest.mark.parametrize(
    "page", ["<p>none</p>", excerpt("<p>a</p>", "other"), "<ac:structured-macro ac:name='excerpt'>"]
)
def test_a_page_without_the_excerpt(page):
    """An excerpt that is not there leaves the link."""
    assert converted(excerpt_include("P", name="x"), Site(P=page)).markdown == "P\n"


def test_what_the_rest_of_the_page_links_to_is_not_met():
    """Only what is put in counts: links, attachments, warnings."""
    page = include("Elsewhere") + '<ac:image><ri:attachment ri:filename="a.png"/></ac:image>' + excerpt("<p>x</p>")
    result = converted(excerpt_include("P"), Site(P=page), Resolver())
    assert (result.links, result.attachments, result.warnings) == ((), (), ())
    assert result.included == (PageLink(title="P"),)


def test_excerpts_of_other_macros():
    """`multiexcerpt-include` takes the `multiexcerpt` of its name."""
    page = (
        excerpt("<p>a</p>")
        .replace('"excerpt"', '"multiexcerpt-macro"')
        .replace("<ac:rich", '<ac:parameter ac:name="MultiExcerptName">m</ac:parameter><ac:rich')
    )
    storage = include("P", macro="multiexcerpt-include", MultiExcerptName="m")
    assert converted(storage, Site(P=page)).markdown == "a\n"


def test_what_is_relative_to_the_included_page_stays_so():
    """Links without a space, attachments without a page, and `children` are those of the included page."""
    inner = (
        '<p><ac:link><ri:page ri:content-title="Near" /></ac:link> '
        '<ac:link><ri:page ri:content-title="Far" ri:space-key="OPS" /></ac:link></p>'
        '<ac:image><ri:attachment ri:filename="a.png" /></ac:image>'
        '<ac:image><ri:attachment ri:filename="b.png"><ri:page ri:content-title="Near" /></ri:attachment></ac:image>'
        '<ac:structured-macro ac:name="children" />'
    )
    own = '<p><ac:link><ri:page ri:content-title="Near" /></ac:link></p>' + inner[inner.index("<ac:image>") :]
    result = converted(include("P", "DOC") + own, Site(P=inner), Resolver())
    assert result.markdown == (
        "[Near](DOC/Near.md) [Far](OPS/Far.md)\n\n![](P/a.png)![](Near/b.png)\n\n- [child of P](a.md)\n\n"
        "[Near](None/Near.md)\n\n![](own/a.png)![](Near/b.png)\n\n- [child of this](a.md)\n"
    )
    assert PageLink(title="Near", space_key="DOC") in result.links
    assert AttachmentLink("a.png", PageLink(title="P", space_key="DOC")) in result.attachments
    assert AttachmentLink("b.png", PageLink(title="Near", space_key="DOC")) in result.attachments


def test_pages_that_included_pages_include():
    """A page without a space key is in the space of the page that includes it."""
    site = Site(A=include("B"), B="<p>b</p>")
    assert converted(include("A", "DOC"), site).markdown == "b\n"
    assert site.asked == [("DOC", "A"), ("DOC", "B")]


def test_anchors_are_those_of_their_page():
    """A link to an anchor leads to the one of its own page, though another page has one of that name, too."""
    link = '<p><ac:link ac:anchor="{}"><ac:link-body>{}</ac:link-body></ac:link></p>'
    inner = "<h2>Intro</h2>" + f"<p>{anchor('here')}x</p>" + link.format("Intro", "i1") + link.format("here", "h1")
    own = "<h2>Intro</h2>" + f"<p>{anchor('here')}y</p>" + link.format("Intro", "i2") + link.format("here", "h2")
    result = converted(own + include("P"), Site(P=inner)).markdown
    assert result == (
        '## Intro\n\n<a id="here"></a>y\n\n[i2](#intro)\n\n[h2](#here)\n\n'
        '## Intro\n\n<a id="here-1"></a>x\n\n[i1](#intro-1)\n\n[h1](#here-1)\n'
    )
    html = preview_html(result, id_prefix="")
    assert all(f'id="{name}"' in html for name in ("intro", "intro-1", "here", "here-1"))


def test_anchors_outside_of_an_excerpt():
    """A link of an excerpt to another part of its page leads to that page."""
    inner = "<h2>Intro</h2>" + excerpt('<p><ac:link ac:anchor="Intro"><ac:link-body>i</ac:link-body></ac:link></p>')
    result = converted("<h2>Intro</h2>" + excerpt_include("P", "DOC"), Site(P=inner), Resolver())
    assert result.markdown == "## Intro\n\n[i](DOC/P.md#intro)\n"


def test_nothing_of_the_page_is_closed_by_an_included_one():
    """An included page that is not well-formed ends where it ends, and so does its emphasis."""
    site = Site(P="</li></ul></strong><b>x<ul><li>y")
    result = converted(f"<ul><li><strong>a</strong> b {include('P')} c</li><li>d</li></ul>", site)
    assert result.markdown == "- **a** b\n\n  **x**\n  - **y**\n\n  c\n- d\n"


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_cycles(depth):
    """A page is never put into itself, however many pages are between: there it is a link."""
    pages = {f"P{i}": f"<p>{i}</p>{include(f'P{(i + 1) % depth}')}" for i in range(depth)}
    result = converted(pages["P0"], Site(**pages))
    assert result.markdown == "\n\n".join([*map(str, range(depth)), "P0"]) + "\n"


def test_an_excerpt_of_the_page_itself():
    """A page may repeat its own excerpt; an excerpt that includes itself ends."""
    page = excerpt("<p>a</p>") + excerpt_include("P")
    assert converted(page, Site(P=page)).markdown == "a\n\na\n"
    page = excerpt("<p>a</p>" + excerpt_include("P"))
    assert converted(page, Site(P=page)).markdown == "a\n\na\n\nP\n"


def test_depth_is_bounded():
    """Pages within pages end at some depth, and the host may invent them as it likes."""
    result = converted(include("P0"), lambda link: f"<p>{link.title}</p>" + include(f"P{link.title}"))
    assert 2 < result.markdown.count("\n\n") < 20
    assert result.warnings[0].kind == "included_page"


def test_what_a_page_includes_is_bounded():
    """Pages that include others again and again end at a size, and each is asked for once."""
    site = Site(**{f"P{i}": include(f"P{i + 1}") * 60 + "<p>x</p>" for i in range(7)}, P7="<p>y</p>" * 300)
    result = converted(include("P0"), site)
    assert len(result.markdown) < 4_000_000
    assert len(site.asked) == len(set(site.asked)) == 8


def test_what_the_host_raises_is_raised():
    """The converter hides no fault of the host."""

    def fail(_link):
        raise LookupError("no such page")

    with pytest.raises(LookupError):
        converted(include("P"), fail)


def test_a_macro_of_the_host_can_include():
    """A rule of the host's own puts in what it likes."""

    def glossary(macro):
        assert macro.include(PageLink(title="Glossary"))

    options = ConvertOptions(include=Site(Glossary="<p>a</p>"), macros={"glossary": glossary})
    assert convert('<ac:structured-macro ac:name="glossary" />', options=options).markdown == "a\n"


def test_the_fingerprint_tells():
    """Files that were written without included pages are written again."""
    assert ConvertOptions(include=Site()).fingerprint != ConvertOptions().fingerprint
