"""`ConnectionMemory`: what the engine remembers of one connection, without a site or files at hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import uuid4

from ..errors import RunInProgressError
from ..models import ConnectionId, RunId, SpaceId
from ..protocols import Change, StateStore
from ._held import confirm_held
from ._memory import Memory
from ._records import HeldDeletions, RunRecord, SpaceRecord

__all__ = ["ConnectionMemory"]


class ConnectionMemory:
    """
    The runs of a connection, and the way to forget; needs no credentials and no network.

    Args:
        state: As given to `SyncEngine`.
        connection_id: As given to `SyncEngine`.
        lease: Seconds for which `between_runs` keeps runs away if this process dies.
    """

    def __init__(self, state: StateStore, connection_id: ConnectionId, *, lease: float = 60.0) -> None:
        self._memory = Memory(state, connection_id)
        self._lease = lease

    async def runs(self) -> list[RunRecord]:
        """Return the runs of the connection, the last first."""
        return await self._memory.runs()

    async def held_deletions(self) -> list[HeldDeletions]:
        """Return the deletions that runs held back and nobody has confirmed, by space."""
        return [held for held in (await self._memory.held()).values() if not held.confirmed]

    async def confirm_deletions(self, space_id: SpaceId, token: str) -> None:
        """
        Let the next full run delete the files that were held back; see `SyncEngine.confirm_deletions`.

        Raises:
            ConfigurationError: The token does not stand for what was held back last.
        """
        await confirm_held(self._memory, space_id, token)

    @asynccontextmanager
    async def between_runs(self) -> AsyncIterator[None]:
        """
        Keep runs away for the short time in which something is changed that they rely on.

        Raises:
            RunInProgressError: A run is under way.
        """
        holder, store = f"between runs {uuid4().hex}", self._memory.store
        if not await store.acquire_lease(self._memory.lease, holder, seconds=self._lease):
            raise RunInProgressError("a run is under way; wait until it ends, or cancel it")
        try:
            yield
        finally:
            await store.release_lease(self._memory.lease, holder)

    async def forget(self, *, spaces: Iterable[SpaceId] = ()) -> None:
        """
        Forget the connection: its spaces, its runs, and which files are its own. The files stay.

        Args:
            spaces: Of a run that went on while the connection was forgotten before: files may be recorded of spaces
                of which nothing else is known.
        """
        memory = self._memory
        changes = [change for record in await memory.spaces() for change in self._all_of(record)]
        changes += [change for space_id in spaces for change in memory.clear_manifest(space_id)]
        await memory.apply(*changes, *memory.clear())

    async def forget_space(self, space_id: SpaceId, *, keep_files: bool = False) -> None:
        """
        Forget a space, so that a later run lists it as for the first time. Its files stay where they are.

        Args:
            space_id: The space.
            keep_files: Remember which files are its own, so that they are taken up again if it is mapped again;
                otherwise they are nobody's, and no run ever touches them.
        """
        memory = self._memory
        record = await memory.space(space_id)
        if record is None:
            return
        changes = [*memory.clear_listing(record), memory.remove_held(space_id), memory.clear_paused()]
        if keep_files:
            changes.append(memory.put_space(SpaceRecord(space=record.space, base_url=record.base_url)))
        else:
            changes += self._all_of(record)
        await memory.apply(*changes)

    async def forget_runs(self, before: datetime) -> list[RunId]:
        """Forget the runs that ended earlier, but for the last one, and return which these were."""
        runs = await self.runs()
        old = [run for run in runs[1:] if run.ended_at is not None and run.ended_at < before]
        await self._memory.apply(*(self._memory.remove_run(run.run_id) for run in old))
        return [run.run_id for run in old]

    def _all_of(self, record: SpaceRecord) -> list[Change]:
        memory = self._memory
        return [*memory.clear_listing(record), *memory.clear_manifest(record.space.id), memory.remove_space(record)]
