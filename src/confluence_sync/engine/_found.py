"""What lies in the folders of the spaces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from ..paths import collision_key, folders_above
from ..planner import MappedSpace, find_roots
from ..protocols import VFS

__all__ = ["find_files"]


async def find_files(vfs: VFS, spaces: Sequence[MappedSpace]) -> frozenset[str]:
    """
    Return the paths of all files in the folders of some spaces or in their places, and of those of ours elsewhere.

    A space in whose place somebody has a file gets another folder, so that one is looked into as well.
    """
    recorded = {entry.path for space in spaces for entry in space.manifest.entries.values()}
    claimed = {path for space in spaces for path in space.manifest.claims}
    files = frozenset[str]()
    seen: set[str] = set()
    while not seen.issuperset(roots := find_roots(spaces, files=files).folders.values()):
        seen.update(roots)
        files = await _find(vfs, frozenset(seen), recorded=recorded, claimed=claimed)
    return files


async def _find(
    vfs: VFS, roots: frozenset[str], *, recorded: Collection[str], claimed: Collection[str]
) -> frozenset[str]:
    """
    Look into some folders, and at what lies in their places.

    On a disk that takes two spellings of a path for one, our files have the names under which they are recorded, or
    else claimed, and all others those that the disk gives them. No file has two names.
    """
    ours = {*recorded, *claimed}
    places = {*roots}.union(*(folders_above(root) for root in roots))
    files = {place for place in sorted(places) if await vfs.stat(place) is not None}
    folders = _folders(roots, ours)
    for folder in folders:
        files.update([entry.path async for entry in vfs.scan(folder)])
    spelled = {collision_key(path): path for path in files}
    for paths, trusted in ((recorded, {*recorded}), (claimed, ours)):
        for path in sorted({*paths} - files):
            there = spelled.get(collision_key(path))
            if there is not None and there not in trusted and await vfs.stat(path) is not None:
                files.discard(there)
                files.add(path)
                spelled[collision_key(path)] = path
    if not roots.issuperset(folders):
        files -= {path for path in files - ours - places if not await _counts(vfs, path, roots)}
    return frozenset(files)


async def _counts(vfs: VFS, path: str, roots: frozenset[str]) -> bool:
    """Whether a file of others is in one of some folders; where the disk knows case, other spellings are others."""
    if any(folder in roots for folder in folders_above(path)):
        return True
    keys = {collision_key(folder) for folder in folders_above(path)}
    alike = [root for root in roots if collision_key(root) in keys]
    names = path.split("/")
    return any([await vfs.stat("/".join([root, *names[root.count("/") + 1 :]])) is not None for root in alike])


def _folders(roots: Collection[str], ours: Iterable[str]) -> list[str]:
    """
    Return what has to be scanned, nothing twice: the folders, and the top ones of files outside of them.

    Two spellings of one top folder may be one folder, or two: then only the whole shows which.
    """
    astray = {_top(path) for path in ours if not any(folder in roots for folder in folders_above(path))}
    spellings = Counter(collision_key(top) for top in astray.union(map(_top, roots)))
    if any(spellings[collision_key(top)] > 1 for top in astray):
        return [""]
    return sorted(astray.union(root for root in roots if _top(root) not in astray))


def _top(path: str) -> str:
    return path.partition("/")[0]
