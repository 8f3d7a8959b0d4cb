"""The demo site: complete, well-formed, and worth reading."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from confluence_sync.testing import ManualClock, demo_site
from confluence_sync.testing.demo import RESOURCES
from confluence_sync.testing.fake_site import FakePage

AC, RI = "{http://atlassian.com/content}", "{http://atlassian.com/resource/identifier}"


@pytest.fixture(scope="module")
def pages():
    return [node for node in demo_site().nodes if isinstance(node, FakePage)]


def parse(page):
    """Read a body as XML; storage format declares neither its namespaces nor HTML's entities."""
    names = "xmlns:ac='http://atlassian.com/content' xmlns:ri='http://atlassian.com/resource/identifier'"
    return ET.fromstring(f"<body {names}>{page.storage}</body>")


def test_about_sixty_pages_in_two_spaces(pages):
    """Spread over both, in a tree at least four deep with folders in it."""
    keys = [page.space.key for page in pages]
    assert set(keys) == {"HB", "PLAT"}
    assert 55 <= len(pages) <= 65
    assert min(keys.count("HB"), keys.count("PLAT")) >= 25
    assert max(len(list(page.lineage())) for page in pages) >= 3
    assert any(page.parent is not None and page.parent.type == "folder" for page in pages)


def test_both_homepages_have_pages_and_folders_below():
    """There is something to rename, to edit and to trash right at the top."""
    for space in demo_site().spaces:
        types = [node.type for node in space.homepage.direct_children]
        assert types.count("page") >= 3
        assert types.count("folder") >= 3


def test_bodies_are_well_formed_and_different(pages):
    """Each parses as XML, has between half a kilobyte and eight, and is used once."""
    tree = [page for page in pages if page.type == "page"]
    for page in tree:
        parse(page)
        assert 500 < len(page.storage.encode()) < 8_000, page.title
    assert len({page.storage for page in tree}) == len(tree)
    assert len(list((RESOURCES / "pages").iterdir())) == len(tree)


def test_every_link_leads_somewhere(pages):
    """Pages by title in their space, users by account, images by attachment."""
    accounts = {user.account_id for user in demo_site().users}
    titles = {(page.space.key, page.title) for page in pages}
    for page in pages:
        body = parse(page)
        for link in body.iter(f"{RI}page"):
            assert (link.get(f"{RI}space-key", page.space.key), link.get(f"{RI}content-title")) in titles, page.title
        for user in body.iter(f"{RI}user"):
            assert user.get(f"{RI}account-id") in accounts
        for attachment in body.iter(f"{RI}attachment"):
            assert attachment.get(f"{RI}filename") in page.attachments


def test_every_anchor_of_a_link_is_on_the_page_it_leads_to(pages):
    """As an anchor macro or as a heading."""
    by_title = {page.title: page for page in pages}
    anchors = re.findall(r'ac:anchor="([^"]+)"><ri:page(?: ri:space-key="\w+")? ri:content-title="([^"]+)"',
                         "".join(page.storage for page in pages))  # fmt: skip
    assert anchors
    for anchor, title in anchors:
        assert f'<ac:parameter ac:name="">{anchor}</ac:parameter>' in by_title[title].storage


@pytest.mark.parametrize(
    "construct",
    [
        '<ac:structured-macro ac:name="code"', '<ac:structured-macro ac:name="info"',
        '<ac:structured-macro ac:name="note"', '<ac:structured-macro ac:name="tip"',
        '<ac:structured-macro ac:name="warning"', '<ac:structured-macro ac:name="panel"',
        '<ac:structured-macro ac:name="expand"', '<ac:structured-macro ac:name="status"',
        '<ac:structured-macro ac:name="toc"', '<ac:structured-macro ac:name="children"',
        '<ac:structured-macro ac:name="details"', '<ac:structured-macro ac:name="excerpt"',
        '<ac:structured-macro ac:name="anchor"', "<ac:task-list", "<ac:layout-section", "<ac:image", "<ac:emoticon",
        "<ri:user", "<time datetime", '<ac:adf-node type="decision-list"', "<blockquote>", "<table", "<del>", "<sub>",
        'data-card-appearance="inline"', "<![CDATA[", "ri:space-key",
    ],
)  # fmt: skip
def test_the_constructs_of_real_knowledge_bases_occur(pages, construct):
    """A converter that does well here does well on most pages."""
    assert any(construct in page.storage for page in pages)


def test_local_ids_are_unique(pages):
    """As Confluence's editor makes them."""
    ids = re.findall(r'ac:(?:local|macro)-id="([^"]+)"', "".join(page.storage for page in pages))
    assert len(ids) == len(set(ids))


def test_the_site_is_the_same_each_time():
    """Ids, titles and times do not depend on when it is made."""
    seen = [
        [space.created_at for space in site.spaces]
        + [(node.id, node.title, node.version, node.updated_at, node.status) for node in site.nodes]
        for site in (demo_site(), demo_site(clock=ManualClock()))
    ]
    assert seen[0] == seen[1]


def test_other_kinds_of_content_are_there(pages):
    """An archived page, a blog post, and all kinds of containers."""
    site = demo_site()
    assert site.page("Old build server").status == "archived"
    assert {node.type for node in site.nodes} == {
        "page", "blogpost", "folder", "whiteboard", "database", "embed",
    }  # fmt: skip
    assert [space.homepage.title for space in site.spaces] == [
        "Handbook Home",
        "Platform Engineering Home",
    ]
