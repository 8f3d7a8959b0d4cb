"""Display names: asked for in bulk, once per user, and remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..client import ConfluenceClient
from ..errors import MissingScopeError, PermissionDeniedError
from ..events import RunWarned
from ..models import AccountId, User
from ._events import EventStream
from ._memory import Memory

__all__ = ["People"]


class People:
    """The users that pages speak of. Without the right to read them the run goes on with account ids."""

    def __init__(self, client: ConfluenceClient, memory: Memory, events: EventStream) -> None:
        self._client = client
        self._memory = memory
        self._events = events
        self._names: dict[AccountId, str] = {}
        self._refused = False

    @property
    def names(self) -> Mapping[AccountId, str]:
        """Display names by account id, of all users learned so far; "" for deleted accounts."""
        return self._names

    async def want(self, account_ids: Iterable[AccountId]) -> None:
        """Note users met on a walk, for `learn_wanted`."""
        unknown = await self._unknown(account_ids)
        await self._memory.apply(*self._memory.want_users(unknown))

    async def learn_wanted(self) -> None:
        """Look up all users that were noted."""
        await self.learn(await self._memory.wanted_users())
        await self._memory.apply(self._memory.clear_wanted_users())

    async def learn(self, account_ids: Iterable[AccountId]) -> None:
        """Make the names of some users known."""
        unknown = await self._unknown(account_ids)
        if not unknown or self._refused:
            return
        try:
            users = await self._client.users(unknown)
        except (PermissionDeniedError, MissingScopeError) as error:
            self._refused = True
            await self._events.emit(RunWarned, message=f"names of users cannot be read ({error})")
            return
        found = {user.account_id: user for user in users}
        found = {account_id: found.get(account_id, User(account_id=account_id)) for account_id in unknown}
        await self._memory.apply(*self._memory.put_users(found.values()))
        self._names.update((user.account_id, user.display_name) for user in found.values())

    async def _unknown(self, account_ids: Iterable[AccountId]) -> list[AccountId]:
        unknown = sorted(set(account_ids).difference(self._names))
        if not unknown:
            return []
        remembered = await self._memory.users(unknown)
        self._names.update((user.account_id, user.display_name) for user in remembered.values())
        return [account_id for account_id in unknown if account_id not in remembered]
