"""Display names: asked for in bulk, once per user, and remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..client import ConfluenceClient
from ..errors import ClientError
from ..events import RunWarned
from ..models import AccountId, User
from ._events import EventStream
from ._extent import alone
from ._memory import Memory

__all__ = ["People"]


class People:
    """The users that pages speak of. Where they cannot be read the run goes on with account ids."""

    def __init__(self, client: ConfluenceClient, memory: Memory, events: EventStream) -> None:
        self._client = client
        self._memory = memory
        self._events = events
        self._names: dict[AccountId, str] = {}
        self._asked: set[AccountId] = set()
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
        await self._settle()

    async def learn(self, account_ids: Iterable[AccountId]) -> None:
        """Make the names of some users known."""
        await self._look_up(await self._unknown(account_ids))

    async def refresh(self) -> None:
        """Ask again for every user that is remembered: people change their names."""
        await self.recall()
        known = {*self._names, *await self._memory.wanted_users()}
        await self._look_up(sorted(known - self._asked))
        await self._settle()

    async def recall(self) -> None:
        """Make all names known that are remembered, without asking."""
        remembered = await self._memory.all_users()
        self._names = {user.account_id: user.display_name for user in remembered} | self._names

    async def _look_up(self, account_ids: Sequence[AccountId]) -> None:
        """Names are decoration: if they cannot be read, what is remembered has to do."""
        if not account_ids or self._refused:
            return
        users = await alone(self._client.users(account_ids))
        if isinstance(users, ClientError):
            self._refused = True
            await self._memory.apply(*self._memory.want_users(account_ids))
            await self._events.emit(RunWarned, message=f"names of users cannot be read ({users})")
            return
        self._asked.update(account_ids)
        found = {user.account_id: user for user in users}
        found = {account_id: found.get(account_id, User(account_id=account_id)) for account_id in account_ids}
        await self._memory.apply(*self._memory.put_users(found.values()), self._memory.forget_applied_plan())
        self._names.update((user.account_id, user.display_name) for user in found.values())

    async def _settle(self) -> None:
        """Forget who was wanted, unless they still are."""
        if not self._refused:
            await self._memory.apply(self._memory.clear_wanted_users())

    async def _unknown(self, account_ids: Iterable[AccountId]) -> list[AccountId]:
        unknown = sorted(set(account_ids).difference(self._names))
        if not unknown:
            return []
        remembered = await self._memory.users(unknown)
        self._names.update((user.account_id, user.display_name) for user in remembered.values())
        return [account_id for account_id in unknown if account_id not in remembered]
