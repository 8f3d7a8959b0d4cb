"""Stage two: from a tree and a manifest to a plan. Pure: no IO, no clock."""

from ._actions import Action, DeletePage, Estimate, MovePage, Plan, WritePage
from ._groups import MoveGroup
from ._layout import Layout, plan_layout
from ._links import Atlas, PageLinks, relative_href
from ._manifest import ChildList, Claim, LinkTarget, Manifest, ManifestEntry, source_fingerprint
from ._plan import plan_sync
from ._roots import Roots, refuse_overlaps, space_roots
from ._together import JointPlan, MappedSpace, find_roots, plan_spaces

__all__ = [
    "Action",
    "Atlas",
    "ChildList",
    "Claim",
    "DeletePage",
    "Estimate",
    "JointPlan",
    "Layout",
    "LinkTarget",
    "Manifest",
    "ManifestEntry",
    "MappedSpace",
    "MoveGroup",
    "MovePage",
    "PageLinks",
    "Plan",
    "Roots",
    "WritePage",
    "find_roots",
    "plan_layout",
    "plan_spaces",
    "plan_sync",
    "refuse_overlaps",
    "relative_href",
    "source_fingerprint",
    "space_roots",
]
