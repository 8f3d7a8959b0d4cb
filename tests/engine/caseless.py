"""A folder as most laptops have it: names differ by more than case, and folders keep their first spelling."""

from __future__ import annotations

from confluence_sync.adapters import MemoryVFS
from confluence_sync.paths import check_path, collision_key
from confluence_sync.protocols import VFSEntry


class CaselessVFS(MemoryVFS):
    """
    Finds a file by its name in any case.

    Args:
        respells: Whether moving a file to another spelling of its folder renames the folder, as `FsspecVFS` does.
    """

    def __init__(self, *, respells: bool = True) -> None:
        super().__init__()
        self._respells = respells

    async def read(self, path):
        return await super().read(self._find(path))

    async def write(self, path, data, metadata):
        there, spelled = self._find(path), self._spell(path)
        await super().delete(there)
        await super().write(spelled, data, metadata)

    async def move(self, source, target):
        await self.read(source)
        if self._respells:
            self._rename_folders(source, target)
        source, spelled, there = self._find(source), self._spell(target), self._find(target)
        if there != source:
            await super().delete(there)
        await super().move(source, spelled)

    async def delete(self, path):
        await super().delete(self._find(path))

    async def stat(self, path):
        data = self.documents.get(self._find(path))
        return None if data is None else VFSEntry(path, len(data))

    async def scan(self, prefix=""):
        depth, key = prefix.count("/") + 1 if prefix else 0, f"{collision_key(prefix)}/" if prefix else ""
        inside = [path for path in self.documents if collision_key(path).startswith(key)]
        shown = {"/".join([*([prefix] if prefix else []), *path.split("/")[depth:]]): path for path in inside}
        for path in sorted(shown):
            yield VFSEntry(path, len(self.documents[shown[path]]))

    def _find(self, path):
        key = collision_key(check_path(path))
        return next((other for other in self.documents if collision_key(other) == key), path)

    def _spell(self, path):
        """Return a path with its folders as they are spelled already."""
        spelled, (*folders, name) = [], path.split("/")
        for folder in folders:
            key = collision_key("/".join([*spelled, folder])) + "/"
            there = next((other for other in self.documents if collision_key(other).startswith(key)), None)
            spelled.append(there.split("/")[len(spelled)] if there else folder)
        return "/".join([*spelled, name])

    def _rename_folders(self, source, target):
        old, new = source.split("/")[:-1], target.split("/")[:-1]
        for depth in range(1, min(len(old), len(new)) + 1):
            folder = "/".join(new[:depth])
            if collision_key("/".join(old[:depth])) == collision_key(folder):
                self.documents = {_respelled(path, folder): data for path, data in self.documents.items()}


def _respelled(path, folder):
    inside = collision_key(path).startswith(collision_key(folder) + "/")
    return "/".join([folder, *path.split("/")[folder.count("/") + 1 :]]) if inside else path
