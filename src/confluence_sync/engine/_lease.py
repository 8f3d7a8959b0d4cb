"""The lease of a run: renewed as long as its steps work, looked at before files are touched, and never had twice.

A process may stand still, for seconds or for days, and know nothing of it. Meanwhile its lease expires, and another run
may have come and even gone: then there is a lease to be had again, and all that the first run has planned is outdated.
So a lease is confirmed by the record of the run, which whoever takes over closes.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from ..errors import RunInProgressError
from ..models import RunId
from ..protocols import Clock
from ._memory import Memory

__all__ = ["LOST", "Lease"]

logger = logging.getLogger("confluence_sync.engine")

LOST = "the lease was lost: another run of the connection took it, or it could not be renewed in time"


class Lease:
    """
    What a run knows of its lease, which it has when this is made.

    Args:
        memory: Where the lease and the record of the run are.
        run_id: The run.
        seconds: For how long it is renewed.
        clock: Tells whether time has passed unnoticed.

    Attributes:
        lost: Whether another run has the lease, or may have had it, so that this one must not go on.
    """

    def __init__(self, memory: Memory, run_id: RunId, *, seconds: float, clock: Clock) -> None:
        self.lost = False
        self._memory = memory
        self._run_id = run_id
        self._seconds = seconds
        self._clock = clock
        self._renewed_at = clock.now()
        self._given_back = False

    async def renew(self) -> None:
        """
        Take the lease for some more time.

        Raises:
            RunInProgressError: Another run has it, or had it in between.
        """
        asked = self._clock.now()
        held = await self._memory.store.acquire_lease(self._memory.lease, self._run_id, seconds=self._seconds)
        record = await self._memory.run(self._run_id) if held else None
        if not held or (record is not None and record.closed_by is not None):
            self.lost = True
            raise RunInProgressError(LOST)
        self._renewed_at = asked

    async def confirm(self) -> None:
        """
        Make sure that the lease is there still, before something is done that could not be undone.

        Raises:
            RunInProgressError: It is not.
        """
        age = self._clock.now() - self._renewed_at
        if self.lost or not timedelta(0) <= age < timedelta(seconds=self._seconds) * 2 / 3:
            await self.renew()

    async def keep(self) -> None:
        """
        Renew the lease in real time, whatever clock the run is on, until it is given back or lost.

        Raises:
            RunInProgressError: It is: another run has it, or it could not be renewed for as long as it lasts.
        """
        now = asyncio.get_running_loop().time
        expires = now() + self._seconds
        while True:
            await asyncio.sleep(self._seconds / 3)
            if self._given_back:
                return
            asked = now()
            try:
                async with asyncio.timeout(max(expires - asked, self._seconds / 3)):  # if late, there is one more try
                    await self.renew()
                expires = asked + self._seconds
            except RunInProgressError:
                raise
            except Exception as error:
                logger.warning("the lease of run %s could not be renewed: %r", self._run_id, error)
                if now() >= expires:
                    self.lost = True
                    raise RunInProgressError(LOST) from error

    async def give_back(self) -> None:
        """Let the next run have it; from here on it is not renewed."""
        self._given_back = True
        await self._memory.store.release_lease(self._memory.lease, self._run_id)
