"""`plan_sync`: what has to change so that the folder mirrors the snapshot."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..errors import ConfigurationError
from ..models import AccountId, PageId, SpaceMapping, TreeSnapshot
from ._actions import Plan
from ._manifest import Manifest
from ._together import MappedSpace, plan_spaces

__all__ = ["plan_sync"]


def plan_sync(
    snapshot: TreeSnapshot,
    manifest: Manifest,
    mapping: SpaceMapping,
    *,
    occupied: Collection[str] = frozenset(),
    missing: Collection[str] = frozenset(),
    converter: str = "",
    names: Mapping[AccountId, str] | None = None,
    rebuild: bool = False,
    confirmed: Collection[PageId] = frozenset(),
) -> Plan:
    """
    Decide what has to change so that the folder mirrors the snapshot. Pure: no IO, no clock.

    Several spaces are planned together by `plan_spaces`; this is the case of one.

    Args:
        snapshot: Remote tree. If it is not complete, no deletion is planned.
        manifest: What earlier runs wrote for this mapping, and what they claimed.
        mapping: Folder and options.
        occupied: Paths in the VFS that belong to others; never touched, so pages step aside.
        missing: Paths of the manifest at which there is no file any more; they are written again.
        converter: Fingerprint of the converter in use; files made by another one are written again.
        names: Display names of all users that are known; None to leave names alone.
        rebuild: Write every page again.
        confirmed: Pages whose deletion was held and is confirmed; see `Plan.held`.

    Returns:
        Actions in the order to apply them, and the layout they lead to.

    Raises:
        ConfigurationError: The mapping's folder is not a valid path, or foreign files lie in its place.
    """
    space = MappedSpace(mapping=mapping, snapshot=snapshot, manifest=manifest, converter=converter, confirmed=confirmed)
    files = manifest.paths().difference(missing).union(occupied)
    together = plan_spaces([space], files=files, names=names, rebuild=rebuild)
    for reason in together.homeless.values():
        raise ConfigurationError(reason)
    return together.plans[snapshot.space.id]
