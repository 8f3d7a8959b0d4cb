"""The folder of every mapped space: `<destination folder>/<space name>`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ..errors import ConfigurationError, InvalidPathError
from ..models import Space, SpaceId, SpaceMapping
from ..paths import check_path, collision_key
from ._footprint import folders_above
from ._names import fit, safe_name
from ._tree import numeric_order

__all__ = ["refuse_overlaps", "space_roots"]

MAX_FOLDER_BYTES = 256
MAX_SPACE_NAME_BYTES = 128


def space_roots(mapped: Sequence[tuple[SpaceMapping, Space]]) -> Mapping[SpaceId, str]:
    """
    Give every mapped space its own folder.

    Spaces of one name in one destination: the lowest id has the bare name, each other one gets ` (KEY)`. So does one
    whose name is that of a folder in which others are to lie: people rename spaces, and know nothing of destinations.

    Raises:
        ConfigurationError: A space is mapped twice, or a destination is not a valid path or too long.
    """
    for mapping, _ in mapped:
        _check_folder(mapping.folder)
    taken = {place for mapping, _ in mapped for place in _places_of(mapping.folder)}
    roots: dict[SpaceId, str] = {}
    for mapping, space in sorted(mapped, key=lambda pair: numeric_order(pair[1].id)):
        if space.id in roots:
            raise ConfigurationError(f"space {space.key} is mapped twice; map it once")
        roots[space.id] = _root(mapping.folder, space, taken)
        taken.add(collision_key(roots[space.id]))
    return roots


def refuse_overlaps(mapped: Sequence[tuple[SpaceMapping, Space]]) -> None:
    """
    Refuse destinations of which one lies inside the folder that another space has by its name.

    For when destinations are chosen, and can be chosen otherwise; `space_roots` makes room instead.

    Raises:
        ConfigurationError: Naming both spaces.
    """
    owners = {collision_key(_joined(mapping.folder, safe_name(space.name))): space for mapping, space in mapped}
    for mapping, space in mapped:
        for place in _places_of(mapping.folder):
            other = owners.get(place, space)
            if other.id != space.id:
                raise ConfigurationError(
                    f"space {space.key} would lie inside the folder of space {other.key}; choose another folder"
                )


def _places_of(folder: str) -> Iterator[str]:
    """Yield the collision keys of a destination and of the folders above it."""
    key = collision_key(folder)
    yield key
    yield from folders_above(key)


def _root(folder: str, space: Space, taken: Collection[str]) -> str:
    for suffix in ("", f" ({safe_name(space.key)})", f" ({space.id})"):
        name = fit(safe_name(space.name), suffix, MAX_SPACE_NAME_BYTES)
        root = _joined(folder, name)
        if collision_key(root) not in taken:
            return root
    raise ConfigurationError(f"no folder name is left for space {space.key} in {folder!r}; choose another folder")


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _check_folder(folder: str) -> None:
    try:
        if folder:
            check_path(folder)
    except InvalidPathError as error:
        raise ConfigurationError(f"folder {folder!r} of a mapping: {error}") from error
    safe = "/".join(map(safe_name, folder.split("/"))) if folder else folder
    if safe != folder:
        raise ConfigurationError(f"folder {folder!r} of a mapping is no good name on every platform; use {safe!r}")
    if len(folder.encode()) > MAX_FOLDER_BYTES:
        raise ConfigurationError(f"folder {folder!r} of a mapping is longer than {MAX_FOLDER_BYTES} bytes")
