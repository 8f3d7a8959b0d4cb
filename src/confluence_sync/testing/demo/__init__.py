"""
A site to try things on, without an account: the knowledge base of a made-up software company.

Two spaces, "Handbook" (HB) and "Platform Engineering" (PLAT), with some sixty pages: onboarding, runbooks, decision
records, incident reviews, meeting notes, an API guide. All dates are before 3 March 2026; a clock of your own should
start after that, or searches will not find what lies in its future.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files

from ...protocols import Clock
from ..fake_site import FakePage, FakeSite, FakeSpace, Node
from ._outline import HANDBOOK, PLATFORM, ROLES, Entry, account_id

__all__ = ["demo_site"]

FOUNDED = datetime(2025, 9, 1, 9, 30, tzinfo=UTC)
RESOURCES = files(__name__)


def demo_site(*, clock: Clock | None = None) -> FakeSite:
    """
    Return a new demo site; it may be changed at will.

    Args:
        clock: Time of the site; by default the machine's.
    """
    site = FakeSite(clock=clock, name="demo")
    for role, name in ROLES.items():
        site.user(account_id(role), name)
    for key, name, outline in (("HB", "Handbook", HANDBOOK), ("PLAT", "Platform Engineering", PLATFORM)):
        space = site.space(key, name=name, homepage=False, at=FOUNDED)
        for entry in outline:
            _grow(space, None, entry)
        space.homepage = site.page(f"{name} Home")
    _finish(site)
    return site


def _grow(space: FakeSpace, parent: Node | None, entry: Entry) -> None:
    node = _page(space, parent, entry) if entry.type == "page" else _container(space, parent, entry)
    for child in entry.children:
        _grow(space, node, child)


def _page(space: FakeSpace, parent: Node | None, entry: Entry) -> FakePage:
    storage = (RESOURCES / "pages" / f"{entry.body}.xml").read_text(encoding="utf-8")
    page = space.page(
        entry.title,
        parent=parent,
        storage=storage,
        labels=entry.labels,
        author=entry.author_id,
        at=entry.created_at,
    )
    if entry.edited_at is not None:
        page.edit(storage, at=entry.edited_at, message="Reviewed")
    return page


def _container(space: FakeSpace, parent: Node | None, entry: Entry) -> Node:
    make = {
        "folder": space.folder,
        "whiteboard": space.whiteboard,
        "database": space.database,
        "embed": space.smart_link,
    }[entry.type]
    return make(entry.title, parent=parent, at=FOUNDED)


def _finish(site: FakeSite) -> None:
    for title, filename in (("Platform Engineering Home", "systems.svg"), ("Release process", "pipeline.svg")):
        data = (RESOURCES / "files" / filename).read_bytes()
        site.page(title).attach(filename, data, media_type="image/svg+xml")
    site.page("Old build server").archive()
    site.space("HB").blog_post(
        "The handbook has moved here",
        storage="<p>From today on this space is the only place where it is kept. The old folder is read-only.</p>",
        author=account_id("docs"),
        at=datetime(2025, 9, 1, 10, 0, tzinfo=UTC),
    )
