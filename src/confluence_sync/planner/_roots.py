"""The folder of every mapped space: `<destination folder>/<space name>`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import attrs

from ..errors import ConfigurationError, InvalidPathError
from ..models import Space, SpaceId, SpaceMapping
from ..paths import check_path, collision_key, folders_above
from ._footprint import Footprint
from ._names import fit, safe_name
from ._tree import numeric_order

__all__ = ["Roots", "place_roots", "refuse_overlaps", "space_roots"]

MAX_FOLDER_BYTES = 256
MAX_SPACE_NAME_BYTES = 128


@attrs.frozen
class Roots:
    """
    Where the spaces are.

    Attributes:
        folders: The folder of each space.
        homeless: Spaces for whose folder there is no place, and why, in a sentence.
    """

    folders: Mapping[SpaceId, str]
    homeless: Mapping[SpaceId, str]


def space_roots(mapped: Sequence[tuple[SpaceMapping, Space]]) -> Mapping[SpaceId, str]:
    """
    Give every mapped space its own folder, as if there were no files of others.

    Spaces of one name in one destination: the lowest id has the bare name, each other one gets ` (KEY)`. So does one
    whose name is that of a folder in which others are to lie: people rename spaces, and know nothing of destinations.

    Raises:
        ConfigurationError: A space is mapped twice, a destination is not a valid path or too long, or all names that a
            space may have are taken.
    """
    roots = place_roots(mapped)
    for reason in roots.homeless.values():
        raise ConfigurationError(reason)
    return roots.folders


def place_roots(mapped: Sequence[tuple[SpaceMapping, Space]], foreign: Footprint | None = None) -> Roots:
    """
    Give every mapped space its own folder, beside the files of others; see `space_roots`.

    Raises:
        ConfigurationError: A space is mapped twice, or a destination is not a valid path or too long.
    """
    for mapping, _ in mapped:
        _check_folder(mapping.folder)
    foreign = foreign if foreign is not None else Footprint()
    taken = {place for mapping, _ in mapped for place in _places_of(mapping.folder)}
    folders: dict[SpaceId, str] = {}
    homeless: dict[SpaceId, str] = {}
    for mapping, space in sorted(mapped, key=lambda pair: numeric_order(pair[1].id)):
        if space.id in folders or space.id in homeless:
            raise ConfigurationError(f"space {space.key} is mapped twice; map it once")
        root = next((root for root in _names_of(mapping.folder, space) if _is_free(root, taken, foreign)), None)
        if root is None:
            homeless[space.id] = _why_homeless(mapping.folder, space, foreign)
        else:
            folders[space.id] = root
            taken.add(collision_key(root))
    return Roots(folders, homeless)


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


def _names_of(folder: str, space: Space) -> Iterator[str]:
    """Yield what the folder of a space may be called, best first."""
    for suffix in ("", f" ({safe_name(space.key)})", f" ({space.id})"):
        yield _joined(folder, fit(safe_name(space.name), suffix, MAX_SPACE_NAME_BYTES))


def _is_free(root: str, taken: Collection[str], foreign: Footprint) -> bool:
    key = collision_key(root)
    return key not in taken and not foreign.blocks(key)


def _why_homeless(folder: str, space: Space, foreign: Footprint) -> str:
    if folder and foreign.blocks(collision_key(folder)):
        what = f"a file lies where folder {folder!r} has to be; move it away, or choose another folder"
        return f"there is no place for space {space.key}: {what}"
    return f"no folder name is left for space {space.key} in {folder!r}; choose another folder"


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
