"""Links between pages: relative paths to files, addresses on the site for everything else."""

from urllib.parse import unquote

import attrs
import pytest
from hypothesis import given

from confluence_sync.models import AttachmentLink, PageLink, ResolvedLink, Space
from confluence_sync.planner import Atlas, LinkTarget, PageLinks, plan_layout, relative_href
from confluence_sync.testing.strategies import snapshots

BASE = "https://site.atlassian.net/wiki"


@pytest.fixture
def pages(make):
    return {
        "home": make.page(1, "Home"),
        "guide": make.page(2, "Guide", 1),
        "faq": make.page(10, "FAQ #1 (50%)", 1),
        "folder": make.container(4, "Folder", 1),
        "child": make.page(5, "Alpha", 1),
    }


@pytest.fixture
def atlas(make, pages):
    other = make.snapshot(make.page(100, "Guide"), space=Space(id="7", key="~me", name="Mine"))
    return Atlas([make.layout(*pages.values()), plan_layout(other, root="people/Mine")])


@pytest.fixture
def links(atlas, pages):
    return PageLinks(
        atlas, pages["guide"], space_key="DOCS", base_url=BASE, names={"a1": "Documentation Team", "a2": ""}
    )


@pytest.mark.parametrize(
    ("source", "target", "href"),
    [
        ("a.md", "b.md", "b.md"),
        ("a.md", "a.md", "a.md"),
        ("a.md", "a/b.md", "a/b.md"),
        ("x/a.md", "b.md", "../b.md"),
        ("x/y/a.md", "x/z/b.md", "../z/b.md"),
        ("x/a.md", "xy/b.md", "../xy/b.md"),
        ("a.md", "R&D (new) 50% #1?.md", "R%26D%20%28new%29%2050%25%20%231%3F.md"),
        ("a.md", "é/🚀.md", "é/🚀.md"),
        ("a.md", "[x]`*_|.md", "%5Bx%5D%60%2A_%7C.md"),
    ],
)
def test_relative_href(source, target, href):
    """An href leads from the folder of one file to another, safe within Markdown and as a URL."""
    assert relative_href(source, target) == href


def test_relative_href_needs_no_working_directory(monkeypatch):
    """Links are worked out from paths alone."""
    monkeypatch.setattr("os.getcwd", lambda: pytest.fail("the planner looks at the disk"))
    assert relative_href("x/a.md", "x/b.md") == "b.md"


@given(snapshot=snapshots())
def test_every_href_leads_to_its_file(snapshot):
    """From each page to each other one, an href resolved against the file's folder is the target's path."""
    paths = list(plan_layout(snapshot, root="in/Docs").paths.values())
    for source in paths:
        for target in paths:
            steps = source.split("/")[:-1]
            for step in unquote(relative_href(source, target)).split("/"):
                steps = steps[:-1] if step == ".." else [*steps, step]
            assert "/".join(steps) == target


def test_page_by_title(links):
    """A title means a page of the same space."""
    assert links.page(PageLink(title="Home")) == ResolvedLink("../Home.md", "Home", local=True)


def test_page_by_title_in_another_space(links):
    """A title with a space key means a page of that space, which may be in another folder."""
    found = links.page(PageLink(title="Guide", space_key="~me"))
    assert found == ResolvedLink("../../people/Mine/Guide.md", "Guide", local=True)


def test_page_by_id(links):
    """An id means a page of any mapped space."""
    assert links.page(PageLink(page_id="10")).href == "FAQ%20%231%20%2850%25%29.md"
    assert links.page(PageLink(page_id="100")).href == "../../people/Mine/Guide.md"


@pytest.mark.parametrize(
    ("link", "href"),
    [
        (PageLink(page_id="404"), f"{BASE}/pages/viewpage.action?pageId=404"),
        (PageLink(title="A/B & c"), f"{BASE}/display/DOCS/A%2FB%20%26%20c"),
        (PageLink(title="Guide", space_key="~you"), f"{BASE}/display/~you/Guide"),
        (PageLink(title="\ud800"), f"{BASE}/display/DOCS/%3F"),
    ],
)
def test_page_that_is_not_synced(links, link, href):
    """A page that has no file is linked on the site."""
    assert links.page(link) == ResolvedLink(href, link.title or "", local=False)


def test_link_to_nothing(links):
    """A link that names no page leads nowhere."""
    assert links.page(PageLink()) is None


def test_same_title_twice(make):
    """Should a listing hold one title twice, the lowest id is meant, whatever the order."""
    for order in ([9, 10], [10, 9]):
        atlas = Atlas([make.layout(*(make.page(number, "A") for number in order))])
        assert atlas.find(PageLink(title="A"), space_key="DOCS") == "9"


def test_link_target(atlas):
    """What a manifest remembers of a link is what stands in the file."""
    inside, outside = PageLink(title="Home"), PageLink(title="Nowhere")
    assert atlas.link_target(inside, space_key="DOCS", source="Docs/x.md") == LinkTarget(
        link=inside, href="Home.md", title="Home"
    )
    assert atlas.link_target(outside, space_key="DOCS", source="Docs/x.md") == LinkTarget(link=outside, href=None)


def test_child_lists_are_remembered(make):
    """A list of children is known again as long as their addresses and titles are the same."""
    home, a, b = make.page(1, "Home"), make.page(2, "A", 1), make.page(3, "B", 1)

    def known(*pages):
        atlas = Atlas([make.layout(*pages)])
        links = PageLinks(atlas, pages[0], space_key="DOCS", base_url=BASE, names={})
        links.children(None)
        links.children(PageLink(title="A"))
        return links.child_lists()

    before = known(home, a)
    assert [listed.parent for listed in before] == [None, PageLink(title="A")]
    assert known(home, a) == before
    assert known(home, a, b)[0] != before[0]
    assert known(home, a, b)[1] == before[1]
    assert known(home, attrs.evolve(a, title="C"))[0] != before[0]


@pytest.mark.parametrize(
    ("link", "href"),
    [
        (AttachmentLink("a b.png"), f"{BASE}/download/attachments/2/a%20b.png"),
        (AttachmentLink("a.png", PageLink(title="Home")), f"{BASE}/download/attachments/1/a.png"),
        (AttachmentLink("a.png", PageLink(page_id="404")), f"{BASE}/download/attachments/404/a.png"),
    ],
)
def test_attachment(links, link, href):
    """An attachment is linked where it is downloaded, at its own page."""
    assert links.attachment(link).href == href


def test_attachment_of_an_unknown_page(links):
    """Without the id of its page an attachment has no address."""
    assert links.attachment(AttachmentLink("a.png", PageLink(title="Nowhere"))) is None


def test_user(links):
    """A deleted account has an empty name, which is no name."""
    assert [links.user(account) for account in ("a1", "a2", "a3")] == ["Documentation Team", None, None]


def test_children(links):
    """Child pages come in order of title; folders are none."""
    titles = [link.title for link in links.children(PageLink(title="Home"))]
    assert titles == ["Alpha", "FAQ #1 (50%)", "Guide"]
    assert links.children(None) == []
    assert links.children(PageLink(title="Nowhere")) is None
