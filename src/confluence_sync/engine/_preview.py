"""The dry run: what a full run would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from ..errors import ClientError
from ..models import SpaceId
from ..planner import Plan

__all__ = ["Preview"]


@attrs.frozen(kw_only=True)
class Preview:
    """
    What a full run would do now. `print(preview)` is the dry run.

    Attributes:
        plans: One for each mapping whose space can be listed.
        problems: Why other spaces cannot be synced now.
    """

    plans: Sequence[Plan]
    problems: Mapping[SpaceId, ClientError] = attrs.field(factory=dict)

    def __str__(self) -> str:
        failed = [f"space {space_id}: {error} ({error.kind})" for space_id, error in self.problems.items()]
        return "\n".join([*map(str, self.plans), *failed])
