"""What a host of runs has to say about them: before each step, and at the end."""

from __future__ import annotations

from typing import Protocol

from ._records import RunRecord, RunState

__all__ = ["RunGuard"]


class RunGuard(Protocol):
    """
    Watches over the runs of a connection, in whatever process their steps are taken.

    A step is a matter of minutes at most: within that time an objection takes effect.
    """

    async def objection(self, state: RunState) -> str:
        """
        Return why the run must not go on, in a sentence, "" if it may. Asked before every step.

        A run that must not go on ends as `cancelled`; an error that is raised here ends it as `failed`.
        """

    async def ended(self, record: RunRecord, error: BaseException | None) -> None:
        """
        Take note of how a run ended, and of the error that stopped it, if one did.

        The run still has the lease. An error that is raised here goes to the log and nowhere else.
        """
