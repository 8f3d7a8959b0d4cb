"""Pages and snapshots in one line each, and a folder in memory that is as picky as the pickiest disk."""

from __future__ import annotations

from types import SimpleNamespace

import attrs
import pytest

from confluence_sync.models import Container, Page, PageLink, Reason, Space, SpaceMapping, TreeSnapshot
from confluence_sync.paths import check_path, collision_key
from confluence_sync.planner import (
    Atlas,
    Claim,
    DeletePage,
    Manifest,
    ManifestEntry,
    MovePage,
    WritePage,
    plan_layout,
    plan_sync,
    source_fingerprint,
)

SPACE = Space(id="1", key="DOCS", name="Docs")
MAPPING = SpaceMapping(space_id="1", max_delete_files=1_000)


def make_page(page_id, title, parent=None, *, version=1, **fields):
    parent = None if parent is None else str(parent)
    return Page(id=str(page_id), space_id="1", title=title, parent_id=parent, version=version, **fields)


def make_container(content_id, title, parent=None):
    parent = None if parent is None else str(parent)
    return Container(id=str(content_id), type="folder", title=title, parent_id=parent)


def make_snapshot(*nodes, space=SPACE, complete=True):
    pages = {node.id: node for node in nodes if isinstance(node, Page)}
    containers = {node.id: node for node in nodes if isinstance(node, Container)}
    return TreeSnapshot(
        space=space, pages=pages, containers=containers, complete=complete, base_url="https://site.atlassian.net/wiki"
    )


def lay_out(*nodes, root="Docs", occupied=()):
    return plan_layout(make_snapshot(*nodes), root=root, occupied=occupied)


class Folder:
    """
    Files as `path -> content`, and the manifest of a mapping, changed as the engine changes them.

    It fails where a case-insensitive disk would: a file overwritten by a move, a file where a folder is. What is
    written of a page is all that a plan can know of it: id, version, remote values, and the links as they resolve.
    """

    def __init__(self, links=None, child_lists=None):
        self.links = links or {}
        self.child_lists = child_lists or {}
        self.entries = {}
        self.claims = {}
        self.foreign = {}
        self.files = {}

    @property
    def manifest(self):
        return Manifest(dict(self.entries), dict(self.claims))

    def plan(self, snapshot, mapping=MAPPING, **options):
        missing = {entry.path for entry in self.entries.values() if entry.path not in self.files}
        return plan_sync(snapshot, self.manifest, mapping, occupied=frozenset(self.foreign), missing=missing, **options)

    def sync(self, snapshot, mapping=MAPPING, **options):
        """Plan and apply, as a run that nothing disturbs; return the lines of the plan."""
        plan = self.plan(snapshot, mapping, **options)
        self.claim(plan)
        for action in plan.actions:
            self.apply(action, plan.layout, converter=options.get("converter", ""))
        if snapshot.complete:
            self.claims = {}
        return [str(action) for action in plan.actions]

    def claim(self, plan):
        claims = [Claim(move.target, move.page_id) for move in plan.moves]
        claims += [Claim(write.path, write.page_id) for write in plan.writes]
        claims += [Claim(write.previous_path, write.page_id) for write in plan.writes if write.previous_path]
        self.claims |= {claim.path: claim for claim in claims}

    def apply(self, action, layout, *, converter="", checkpoint=True):
        match action:
            case MovePage():
                self._move(action, checkpoint=checkpoint)
            case WritePage():
                self._write(action, layout, converter, checkpoint=checkpoint)
            case DeletePage():
                self.files.pop(action.path, None)
                if checkpoint and self._records(action.page_id, action.path):
                    del self.entries[action.page_id]

    def _move(self, move, *, checkpoint):
        recorded = self._records(move.page_id, move.source)
        if move.source not in self.files:
            if recorded:
                del self.entries[move.page_id]
            return
        content = self.files.pop(move.source)
        self._put(move.target, content, overwrite=False)
        if recorded and checkpoint:
            self.entries[move.page_id] = attrs.evolve(self.entries[move.page_id], path=move.target)

    def _write(self, write, layout, converter, *, checkpoint):
        snapshot = layout.snapshot
        page, atlas = snapshot.pages[write.page_id], Atlas([layout])
        key = snapshot.space.key
        links = [atlas.link_target(link, space_key=key, source=write.path) for link in self.links.get(page.id, ())]
        lists = [
            atlas.child_list(parent, page_id=page.id, space_key=key, source=write.path)
            for parent in self.child_lists.get(page.id, ())
        ]
        source = source_fingerprint(page, snapshot)
        content = (page.id, page.version, source, converter, tuple(links), tuple(lists))
        self._put(write.path, content, overwrite=True)
        if checkpoint:
            self.entries[page.id] = ManifestEntry(
                page_id=page.id,
                title=page.title,
                path=write.path,
                version=page.version,
                source=source,
                digest="",
                converter=converter,
                links=tuple(links),
                child_lists=tuple(lists),
            )

    def _put(self, path, content, *, overwrite):
        check_path(path)
        assert path not in self.foreign
        for other in [*self.files, *self.foreign]:
            key, other_key = collision_key(path), collision_key(other)
            assert not key.startswith(f"{other_key}/"), f"{path} would lie below the file {other}"
            assert not other_key.startswith(f"{key}/"), f"{path} is a folder: {other}"
            if not (overwrite and path == other):
                assert key != other_key, f"{path} would overwrite {other}"
        self.files[path] = content

    def _records(self, page_id, path):
        return page_id in self.entries and self.entries[page_id].path == path


def links_all_around(snapshots):
    """Every page links to the next three ids, and to some titles."""
    by_title = tuple(PageLink(title=title) for title in ("A", "a", "B.md"))
    ids = {page_id for snapshot in snapshots for page_id in snapshot.pages}
    return {
        page_id: (*(PageLink(page_id=str(int(page_id) + step)) for step in (0, 1, 2, 3)), *by_title) for page_id in ids
    }


@pytest.fixture(scope="session")
def make():
    """Builders: `make.page`, `make.container`, `make.snapshot`, `make.layout`, `make.folder`, `make.links`."""
    return SimpleNamespace(
        page=make_page,
        container=make_container,
        snapshot=make_snapshot,
        layout=lay_out,
        folder=Folder,
        links=links_all_around,
        space=SPACE,
        mapping=MAPPING,
        gone=Reason.GONE,
    )
