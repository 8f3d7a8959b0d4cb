"""Deletions that are held back: kept as they were shown to the host, until it confirms just these."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import attrs

from ..errors import ConfigurationError
from ..events import DeletionsHeld
from ..models import SpaceId
from ..planner import DeletePage, Plan
from ._context import RunContext
from ._memory import Memory
from ._records import HeldDeletions

__all__ = ["confirm_held", "hold_deletions"]


async def hold_deletions(run: RunContext, plan: Plan) -> None:
    """Keep what a plan holds back, and tell; a confirmation of anything else is void from now on."""
    space = plan.layout.snapshot.space
    held = HeldDeletions(
        space_id=space.id,
        token=_token(plan.held),
        deletions=tuple(plan.held),
        managed=plan.managed,
        run_id=run.state.run_id,
        at=run.clock.now(),
    )
    await run.memory.apply(run.memory.put_held(held))
    run.state.troubled = True
    await run.events.emit(
        DeletionsHeld,
        space_id=space.id,
        space_key=space.key,
        deletions=len(plan.held),
        managed=plan.managed,
        token=held.token,
    )


async def confirm_held(memory: Memory, space_id: SpaceId, token: str) -> None:
    """
    Let the next full run make the deletions that a token stands for.

    Raises:
        ConfigurationError: These are not the deletions that were held back last.
    """
    held = (await memory.held()).get(space_id)
    if held is None or held.token != token:
        raise ConfigurationError(
            f"no deletions of space {space_id} are held back under this token; look at held_deletions() again, "
            "a later run may have found others"
        )
    await memory.apply(memory.put_held(attrs.evolve(held, confirmed=True)))


def _token(deletions: Sequence[DeletePage]) -> str:
    """Return a digest of the pages whose files would be deleted; where these lie by then is no matter."""
    pages = sorted({action.page_id for action in deletions})
    return blake2b("\n".join(pages).encode(), digest_size=9).hexdigest()
