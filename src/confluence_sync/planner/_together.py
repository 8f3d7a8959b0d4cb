"""Several spaces planned as one: their files may be in each other's way, and pages move from one to another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import attrs

from ..models import AccountId, DeletionPolicy, Page, PageId, Reason, SpaceId, SpaceMapping, TreeSnapshot
from ._actions import MovePage, Plan, WritePage
from ._footprint import Footprint
from ._groups import MoveGroup, group_moves
from ._judge import Judge, unsure_places
from ._layout import Layout, plan_layout
from ._links import Atlas
from ._manifest import Claim, Manifest, ManifestEntry
from ._moves import SpareNames, order_moves
from ._roots import Roots, place_roots
from ._stale import StaleFile, deletions, stale_files, step_aside
from ._tree import numeric_order

__all__ = ["JointPlan", "MappedSpace", "find_roots", "plan_spaces"]


@attrs.frozen(kw_only=True)
class MappedSpace:
    """
    What is known of one of several spaces.

    Attributes:
        snapshot: Remote tree. If it is not complete, no deletion is planned.
        manifest: What earlier runs wrote for the mapping, and what they claimed.
        listed: Whether the run may touch the files. Those of other spaces are as good as foreign, but links lead there.
        converter: Fingerprint of the converter in use; files made by another one are written again.
        confirmed: Pages whose deletion was held and is confirmed; see `Plan.held`.
    """

    mapping: SpaceMapping
    snapshot: TreeSnapshot
    manifest: Manifest = attrs.field(factory=Manifest)
    listed: bool = True
    converter: str = ""
    confirmed: Collection[PageId] = frozenset()

    @property
    def id(self) -> SpaceId:
        """Id of the space."""
        return self.snapshot.space.id


@attrs.frozen(kw_only=True)
class JointPlan:
    """
    The plans of all listed spaces, and what they have in common.

    Attributes:
        plans: By space.
        moves: The moves of all plans, before anything else. A group that fails does not concern the others.
        places: Paths of the pages of all listed spaces, and whose they are.
        handed_over: Claims by the space that has each so far, and the one whose plan needs the path.
        atlas: Where the pages of all spaces are, listed or not.
        homeless: Spaces for whose folder there is no place, and why: they have no plan, and no link leads there.
    """

    plans: Mapping[SpaceId, Plan]
    moves: Sequence[MoveGroup]
    places: Mapping[str, SpaceId]
    handed_over: Sequence[tuple[SpaceId, SpaceId, Claim]]
    atlas: Atlas
    homeless: Mapping[SpaceId, str] = attrs.field(factory=dict)

    def writes(self, space_id: SpaceId) -> Sequence[WritePage]:
        """Return what is written in a space; nothing if it is not listed."""
        return self.plans[space_id].writes if space_id in self.plans else ()


def find_roots(spaces: Sequence[MappedSpace], *, files: Collection[str] = ()) -> Roots:
    """
    Return the folder of each space.

    A space in the place of whose folder somebody has a file gets ` (KEY)`, as one does whose name another one has.

    Args:
        spaces: All that are mapped.
        files: Paths of all files there are; those in no manifest of a listed space belong to others.

    Raises:
        ConfigurationError: The mappings do not go together.
    """
    mapped = [(space.mapping, space.snapshot.space) for space in spaces]
    return place_roots(mapped, Footprint(frozenset(files) - _paths_of(spaces)))


def _paths_of(spaces: Iterable[MappedSpace]) -> frozenset[str]:
    """Return the paths of all listed spaces, by entry or claim."""
    return frozenset[str]().union(*(space.manifest.paths() for space in spaces if space.listed))


def plan_spaces(
    spaces: Sequence[MappedSpace],
    *,
    files: Collection[str],
    names: Mapping[AccountId, str] | None = None,
    rebuild: bool = False,
) -> JointPlan:
    """
    Decide what has to change so that the folders mirror the snapshots. Pure: no IO, no clock.

    Files of one space make room for those of another, and a page that has moved to another space takes its file along.

    Args:
        spaces: All that are mapped, no page in two of their snapshots.
        files: Paths of all files where files of ours are, were claimed, or will be. Those in no manifest of a listed
            space belong to others: they are never touched, so pages step aside.
        names: Display names of all users that are known; None to leave names alone.
        rebuild: Write every page again.

    Raises:
        ConfigurationError: The mappings do not go together.
    """
    ground = _Ground(spaces, frozenset(files))
    drafts = [_Draft(space, ground.layouts[space.id]) for space in ground.listed]
    for draft in drafts:
        judge = Judge(
            ground.atlas,
            unsure=ground.unsure,
            missing=ground.missing,
            converter=draft.space.converter,
            names=names,
            rebuild=rebuild,
        )
        _settle_pages(draft, ground, judge)
    moves = _make_room(drafts, ground)
    shares: dict[SpaceId, list[MovePage]] = {draft.space.id: [] for draft in drafts}
    for move in moves:
        shares[move.space_id].append(move)
    return JointPlan(
        plans={draft.space.id: _finish(draft, ground, shares[draft.space.id]) for draft in drafts},
        moves=group_moves(moves, ground.roots),
        places=ground.places,
        handed_over=list(_handed_over(ground)),
        atlas=ground.atlas,
        homeless=ground.homeless,
    )


class _Ground:
    """
    What the spaces have in common.

    Attributes:
        ours: Paths of all listed spaces, by entry or claim.
        missing: Those of them at which there is nothing.
        unsure: See `unsure_places`.
        places: Which listed space needs which path.
        homes: Which listed space has which page.
        strays: By page, where a file is that belongs to a page of another listed space now, and whose it was.
    """

    def __init__(self, spaces: Sequence[MappedSpace], files: frozenset[str]) -> None:
        roots = find_roots(spaces, files=files)
        self.roots, self.homeless = roots.folders, roots.homeless
        spaces = [space for space in spaces if space.id in self.roots]
        self.listed = [space for space in spaces if space.listed]
        self.files = files
        self.ours = _paths_of(spaces)
        self.missing = self.ours - files
        self.unsure = unsure_places((space.manifest for space in self.listed), self.missing)
        self.layouts = self._lay_out(spaces)
        self.atlas = Atlas(self.layouts.values())
        self.places = {path: space.id for space in self.listed for path in self.layouts[space.id].paths.values()}
        self.homes = {page_id: space.id for space in self.listed for page_id in space.snapshot.pages}
        self.strays = {
            page_id: (space.id, entry)
            for space in self.listed
            for page_id, entry in space.manifest.entries.items()
            if self.homes.get(page_id, space.id) != space.id
        }

    def _lay_out(self, spaces: Sequence[MappedSpace]) -> dict[SpaceId, Layout]:
        foreign = self.files - self.ours
        footprint = Footprint(foreign)
        return {
            space.id: plan_layout(
                space.snapshot,
                root=self.roots[space.id],
                occupied=footprint if space.listed else foreign - space.manifest.paths(),
            )
            for space in spaces
        }


@attrs.define
class _Draft:
    """The plan of one space in the making."""

    space: MappedSpace
    layout: Layout
    moves: list[MovePage] = attrs.field(factory=list)
    writes: list[WritePage] = attrs.field(factory=list)
    stale: list[StaleFile] = attrs.field(factory=list)
    aside: list[MovePage] = attrs.field(factory=list)


def _settle_pages(draft: _Draft, ground: _Ground, judge: Judge) -> None:
    """Decide of every page of a space whether its file is moved, and whether it is written."""
    layout, entries = draft.layout, draft.space.manifest.entries
    for page in sorted(layout.snapshot.pages.values(), key=lambda page: numeric_order(page.id)):
        path, source = layout.paths[page.id], None
        entry = entries.get(page.id)
        if entry is None and page.id in ground.strays:
            source, entry = ground.strays[page.id]
        if entry is not None and (source or entry.path != path) and judge.can_move(entry, path):
            draft.moves.append(MovePage(page.id, entry.path, path, space_id=draft.space.id, from_space=source))
        if reason := judge.reason(page, entry, layout):
            renews = entry is not None and judge.keeps_body(page, entry, layout)
            reason = Reason.MOVED if source and renews else reason
            draft.writes.append(_write(page, entry, path, reason, renews=renews))


def _write(page: Page, entry: ManifestEntry | None, path: str, reason: Reason, *, renews: bool) -> WritePage:
    previous = entry.path if entry is not None and entry.path != path else None
    was = entry.version if entry is not None else None
    return WritePage(page.id, path, reason, version=page.version, was=was, previous_path=previous, renews=renews)


def _make_room(drafts: Sequence[_Draft], ground: _Ground) -> list[MovePage]:
    """Let the files step aside that no listed page has, and return the moves of all spaces in order."""
    moves = [move for draft in drafts for move in draft.moves]
    along = {(move.from_space or move.space_id, move.page_id) for move in moves}
    for draft in drafts:
        going = {page_id for page_id in draft.space.manifest.entries if (draft.space.id, page_id) in along}
        draft.stale = stale_files(
            draft.space.manifest,
            draft.layout,
            going=going,
            missing=ground.missing,
            needed=ground.places,
            unsure=ground.unsure,
        )
    if not moves and not any(draft.stale for draft in drafts):
        return []
    spare = SpareNames(ground.roots, (*ground.files, *ground.ours, *ground.places))
    needed = Footprint(ground.places)
    for draft in drafts:
        draft.aside = list(step_aside(draft.stale, needed, spare, space_id=draft.space.id))
    return order_moves([*(move for draft in drafts for move in draft.aside), *moves], spare)


def _finish(draft: _Draft, ground: _Ground, moves: Sequence[MovePage]) -> Plan:
    space, layout = draft.space, draft.layout
    deletes, held = deletions(
        draft.stale,
        draft.aside,
        layout,
        space.mapping,
        managed=len(space.manifest.entries),
        elsewhere=ground.homes,
        confirmed=space.confirmed,
    )
    touched = {move.page_id for move in draft.moves}.union(write.page_id for write in draft.writes)
    return Plan(
        layout=layout,
        moves=moves,
        writes=draft.writes,
        deletes=deletes,
        held=held,
        closes=list(_closes(space, ground)),
        managed=len(space.manifest.entries),
        unchanged=len(space.snapshot.pages) - len(touched),
        warnings=layout.warnings,
    )


def _closes(space: MappedSpace, ground: _Ground) -> Iterator[Claim]:
    """Yield claims where there is nothing, and those of gone pages whose files are to be kept as they are."""
    keeps = space.snapshot.complete and space.mapping.deletions is DeletionPolicy.KEEP
    for claim in space.manifest.claims.values():
        if claim.path in ground.missing or (keeps and claim.page_id not in ground.homes):
            yield claim


def _handed_over(ground: _Ground) -> Iterator[tuple[SpaceId, SpaceId, Claim]]:
    for space in ground.listed:
        for claim in space.manifest.claims.values():
            heir = ground.places.get(claim.path, space.id)
            if heir != space.id and claim.path not in ground.missing:
                yield space.id, heir, claim
