"""`ConfluenceSync`: the one object a host holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from types import TracebackType
from typing import Self

import attrs
import httpx

from ..adapters import FanOutLogSink, StateLog
from ..client import AccessibleResource, PointsBudget
from ..client.http import new_client
from ..clock import SystemClock
from ..connections import (
    ApiToken,
    Connection,
    ConnectionRegistry,
    MappingRegistry,
    MovedFiles,
    ScheduleRegistry,
)
from ..engine import EngineOptions, HeldDeletions, Preview, RunRecord, RunReport, SyncRun
from ..errors import ConfigurationError
from ..models import ConnectionStatus, RunId, RunMode, SpaceId, SpaceMapping, Trigger, WorkspaceId
from ..oauth import Callback, OAuthApp
from ..protocols import Clock, LogSink, RunLog, StateStore, TokenStore
from ._consent import Consent
from ._detail import run_detail
from ._disconnecting import disconnect
from ._host import Enabled, Files, Host
from ._news import News
from ._reach import Reach
from ._runs import Runs
from ._spaces import Spaces
from ._tokens import ApiTokens
from ._values import Authorization, Disconnected, RunDetail, SpaceChoice

__all__ = ["ConfluenceSync"]

_SHORTEST_PERIOD = 60.0
_LONGEST_PERIOD = 366 * 86_400.0


def _everybody(_: WorkspaceId) -> bool:
    return True


def _no_budget(_: Connection) -> None:
    return None


class ConfluenceSync:
    """
    Connections of workspaces to Confluence: connect, choose a site, map spaces, run, schedule, read the log, delete.

    Everything it knows is in the stores that it is given, so any number of processes may hold one, over the same
    stores: a callback may reach another process than the one that asked, and a web process may disable what a worker
    runs. Whatever reads Confluence or changes what is read raises `NotEnabledError` where the feature is off, and
    `ConnectionStateError` where the connection is in no state for it. What finds that access is gone raises
    `AuthenticationError`, and the connection is `REAUTHORIZATION_REQUIRED` from then on.

    ```python
    async with ConfluenceSync(state=database.state, tokens=database.tokens, vfs=folder_of, app=app) as sync:
        url = await sync.authorize(workspace, session=session_id)  # send the browser there
        ...
        consent = await sync.finish_authorization(callback_url, session=session_id)
        await sync.choose_site(workspace, consent.sites[choice].id)
        await sync.save_mappings(workspace, [SpaceMapping(space_id=space_id, folder="confluence")])
        async with sync.sync_now(workspace) as run:
            async for event in run:
                show(event, run.progress)
    ```

    Args:
        state: Connections, mappings, schedules, and the engine's memory.
        tokens: Secrets, which are nowhere else; `EncryptedTokenStore` wraps one that keeps them in the clear.
        vfs: Where files go; or, for more than one workspace, what gives each connection a VFS of its own.
        app: For OAuth; hosts that connect by API tokens only need none.
        log: The run log that `run` reads; by default it is kept in `state`.
        sinks: Get all events as well.
        enabled: The host's feature flag. Where it is off, nothing is read and nothing runs; what is there can still
            be looked at, disabled and deleted.
        http: Used and never closed; by default there is one, closed on exit.
        clock: For tests.
        options: How runs go about their work.
        budget: What a connection may use of the app's hourly points, see `PointsBudget`; API tokens need none.
    """

    def __init__(
        self,
        *,
        state: StateStore,
        tokens: TokenStore,
        vfs: Files,
        app: OAuthApp | None = None,
        log: RunLog | None = None,
        sinks: Sequence[LogSink] = (),
        enabled: Enabled = _everybody,
        http: httpx.AsyncClient | None = None,
        clock: Clock | None = None,
        options: EngineOptions | None = None,
        budget: Callable[[Connection], PointsBudget | None] = _no_budget,
    ) -> None:
        self._log = log or StateLog(state)
        self._owns_http = http is None
        self._host = Host(
            state=state,
            tokens=tokens,
            files=vfs,
            app=app,
            sink=FanOutLogSink(self._log, *sinks) if sinks else self._log,
            enabled=enabled,
            http=http or new_client(),
            clock=clock or SystemClock(),
            own_clock=clock is not None,
            options=options or EngineOptions(),
            budget=budget,
            connections=ConnectionRegistry(state),
            mappings=MappingRegistry(state),
            schedules=ScheduleRegistry(state),
        )
        reach = Reach(self._host)
        self._consent = Consent(self._host, reach)
        self._api_tokens = ApiTokens(self._host, reach)
        self._spaces = Spaces(self._host, reach)
        self._runs = Runs(self._host, reach)
        self._news = News()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close what it opened. End runs before."""
        if self._owns_http:
            await self._host.http.aclose()

    # -- connecting

    async def authorize(self, workspace: WorkspaceId, *, session: str) -> str:
        """
        Return where to send the user's browser, so that the user consents.

        Args:
            workspace: To be connected.
            session: What tells this browser from others, such as the host's session id. The callback has to come in
                the same one, within ten minutes.

        Raises:
            ConnectionStateError: The workspace has a connection.
            ConfigurationError: There is no OAuth app.
        """
        return await self._consent.authorize(workspace, session)

    async def reauthorize(self, workspace: WorkspaceId, *, session: str) -> str:
        """
        Return where to send the user's browser to give a connection another grant; everything else of it stays.

        Raises:
            ConnectionStateError: There is no connection, or no site is chosen.
            ConfigurationError: It is not one of OAuth.
        """
        return await self._consent.reauthorize(workspace, session)

    async def finish_authorization(self, callback: str | Mapping[str, str], *, session: str) -> Authorization:
        """
        Take the callback of either, and return what came of it.

        After `authorize` the connection is `CONNECTING`, and the user chooses one of the sites. After `reauthorize`
        it is active at once, if the consent is that of the same account for the same site; if not, nothing changes.

        Args:
            callback: The address that the browser came with, or its query parameters.
            session: That of the browser.

        Raises:
            AuthorizationDeclinedError: The user pressed Cancel.
            InvalidCallbackError: Nobody waits for it.
            AuthorizationError: It came to nothing; the message says why, and what to do.
            OAuthAppError: Atlassian does not accept the app.
        """
        read = Callback.from_url(callback) if isinstance(callback, str) else Callback.from_query(callback)
        authorization = await self._consent.finish(read, session)
        self._news.tell()
        return authorization

    async def sites(self, workspace: WorkspaceId) -> tuple[AccessibleResource, ...]:
        """Return the sites that the grant of a connection reaches, by name; none of them is the right one by itself."""
        return await self._consent.sites(workspace)

    async def choose_site(self, workspace: WorkspaceId, cloud_id: str) -> Connection:
        """
        Connect the workspace to a site, once everything that a sync reads was tried there.

        Args:
            workspace: Whose connection is `CONNECTING`.
            cloud_id: `id` of one of the sites.

        Raises:
            MissingScopeError: Naming every scope that is missing; the connection stays as it is.
            ConfigurationError: The grant does not reach the site; the message names those that it does.
        """
        connection = await self._consent.choose_site(workspace, cloud_id)
        self._news.tell()
        return connection

    async def connect_with_api_token(self, workspace: WorkspaceId, auth: ApiToken) -> Connection:
        """
        Connect a workspace by an API token, once everything that a sync reads was tried with it.

        Raises:
            ConnectionStateError: The workspace has a connection.
            AuthenticationError: The token is not accepted.
            MissingScopeError: Naming every scope that is missing.
        """
        connection = await self._api_tokens.connect(workspace, auth)
        self._news.tell()
        return connection

    async def replace_api_token(self, workspace: WorkspaceId, auth: ApiToken) -> Connection:
        """
        Give a connection another API token of the same account for the same site; everything else of it stays.

        Raises:
            ConfigurationError: It is of another site or account, or the connection is one of OAuth.
            AuthenticationError: The token is not accepted.
        """
        connection = await self._api_tokens.replace(workspace, auth)
        self._news.tell()
        return connection

    # -- connections

    async def connection(self, workspace: WorkspaceId) -> Connection | None:
        """Return the connection of a workspace, None if there is none."""
        return await self._host.connections.find(workspace)

    async def connections(self) -> list[Connection]:
        """Return all connections, in order of workspace; what a newer version wrote is logged and left out."""
        return await self._host.connections.all()

    async def disable(self, workspace: WorkspaceId) -> Connection:
        """
        Pause a connection: nothing runs, a run under way ends at its next step, and everything stays.

        Raises:
            ConnectionStateError: There is none, or no site is chosen.
        """

        def disabled(now: Connection) -> Connection:
            now.require(ConnectionStatus.ACTIVE, ConnectionStatus.REAUTHORIZATION_REQUIRED, ConnectionStatus.DISABLED)
            return now.disabled()

        connection = await self._change(workspace, disabled)
        await self._runs.cancel(connection)
        return connection

    async def enable(self, workspace: WorkspaceId) -> Connection:
        """
        End the pause of a connection. One that waits for its user does so again.

        Raises:
            ConnectionStateError: There is none, or no site is chosen.
        """

        def enabled(now: Connection) -> Connection:
            now.require(ConnectionStatus.DISABLED, ConnectionStatus.ACTIVE, ConnectionStatus.REAUTHORIZATION_REQUIRED)
            return now.enabled()

        await self._host.require_enabled(workspace)
        return await self._change(workspace, enabled)

    async def delete(self, workspace: WorkspaceId) -> Disconnected:
        """
        Remove a connection: its secret, mappings, schedule, and all that is remembered of its runs. Files stay.

        Needs neither Confluence nor the feature flag. The run log goes with `delete_old_runs`, in its time.

        Raises:
            ConnectionStateError: There is none.
        """
        disconnected = await disconnect(self._host, self._runs, workspace)
        self._news.tell()
        return disconnected

    # -- mappings

    async def spaces(self, workspace: WorkspaceId) -> list[SpaceChoice]:
        """Return all spaces that the connection may see, current and archived, by name."""
        return await self._spaces.choices(workspace)

    async def mappings(self, workspace: WorkspaceId) -> tuple[SpaceMapping, ...]:
        """Return the mappings of a workspace's connection."""
        connection = await self._host.connections.get(workspace)
        return (await self._host.mappings.get(connection.id)).mappings

    async def save_mappings(
        self, workspace: WorkspaceId, mappings: Sequence[SpaceMapping], *, files: MovedFiles = MovedFiles.MOVE
    ) -> None:
        """
        Keep mappings in place of those before, all or none.

        Files of a space that is not mapped any more stay where they are, and are taken up again if it is mapped again.

        Args:
            workspace: Whose connection.
            mappings: All of them, one for each space.
            files: What becomes of the files of spaces that are given another folder.

        Raises:
            ConfigurationError: A space is mapped twice or not there, or destinations overlap; nothing was changed.
            RunInProgressError: A run is under way; nothing was changed.
        """
        await self._spaces.save(workspace, mappings, files)
        self._news.tell()

    # -- runs

    def sync_now(self, workspace: WorkspaceId, *, mode: RunMode = RunMode.FULL) -> AbstractAsyncContextManager[SyncRun]:
        """
        Return a run of all mappings, to be entered: `async with sync.sync_now(workspace) as run`.

        `SyncRun` iterates over events, and knows its progress; leaving the block early cancels the run.

        Raises:
            RunInProgressError: On entering: another run of the connection is under way.
            ConfigurationError: On entering: nothing is mapped.
        """
        return self._runs.run(workspace, mode, Trigger.MANUAL)

    @asynccontextmanager
    async def resume(self, workspace: WorkspaceId) -> AsyncIterator[SyncRun]:
        """
        Go on now with the run that was paused last, whatever its `resume_at`; otherwise as `sync_now`.

        Raises:
            ConfigurationError: On entering: the last run was not paused.
        """
        mode = await self._runs.paused_mode(workspace)
        async with self.sync_now(workspace, mode=mode) as run:
            yield run

    async def preview(self, workspace: WorkspaceId) -> Preview:
        """Return what a full run would do now and what it would cost, changing nothing."""
        return await self._runs.preview(workspace)

    async def held_deletions(self, workspace: WorkspaceId) -> list[HeldDeletions]:
        """Return the deletions that runs held back and nobody has confirmed, by space."""
        connection = await self._host.connections.get(workspace)
        return await self._host.memory(connection.id).held_deletions()

    async def confirm_deletions(self, workspace: WorkspaceId, space_id: SpaceId, token: str) -> None:
        """
        Let the next full run delete the files that were held back, and no others.

        Raises:
            ConfigurationError: The token does not stand for what was held back last.
        """
        await self._host.require_enabled(workspace)
        connection = await self._host.connections.get(workspace)
        await self._host.memory(connection.id).confirm_deletions(space_id, token)

    # -- schedule

    async def set_schedule(self, workspace: WorkspaceId, every: float | None) -> Connection:
        """
        Let a connection be synced again and again; `run_due` or a `Scheduler` has to run it.

        Args:
            workspace: Whose connection.
            every: Seconds, from 60 to a year; None for runs by hand only.

        Raises:
            ConfigurationError: Less than a minute, or more than a year.
        """
        if every is not None and not _SHORTEST_PERIOD <= every <= _LONGEST_PERIOD:
            raise ConfigurationError(
                f"there is no schedule of {every} seconds; give at least {_SHORTEST_PERIOD:.0f} and at most "
                f"{_LONGEST_PERIOD:.0f}, or None for runs by hand only"
            )
        await self._host.require_enabled(workspace)
        connection = await self._change(workspace, lambda now: attrs.evolve(now, sync_every=every))
        await self._runs.plan(connection)
        self._news.tell()
        return connection

    async def due(self, now: datetime | None = None) -> list[tuple[WorkspaceId, datetime]]:
        """Return the workspaces that are due, each with the time since when; those who wait longest come first."""
        return await self._runs.due(now or self._host.clock.now())

    async def next_due(self) -> datetime | None:
        """Return when the next workspace is due, UTC, which may be past; None if none ever is."""
        return await self._runs.next_due()

    async def run_due(self, workspace: WorkspaceId) -> RunReport | None:
        """
        Run a workspace's connection if it is due; for hosts with their own cron or task queue.

        An incremental run, which lists in full what was not for a day, or goes on with a paused one once that may.
        However many processes ask, one of them runs. Failing runs come ever less often, at most once a day.

        Returns:
            How it ended; None if nothing is due, another run is under way, or the connection is in no state to run.
        """
        return await self._runs.run_due(workspace)

    async def changed(self) -> None:
        """Wait until a connection, its mappings or its schedule are changed through this object."""
        await self._news.wait()

    # -- the run log

    async def runs(self, workspace: WorkspaceId, *, limit: int = 50) -> list[RunRecord]:
        """Return the latest runs of a workspace's connection, the last first."""
        connection = await self._host.connections.get(workspace)
        return (await self._host.memory(connection.id).runs())[:limit]

    async def run(self, workspace: WorkspaceId, run_id: RunId, *, limit: int = 1_000) -> RunDetail:
        """
        Return one run, page by page, those that failed first.

        Args:
            workspace: Whose connection.
            run_id: Of one of its `runs`.
            limit: Most pages; a first run has all of the site.

        Raises:
            ConfigurationError: The connection has no such run.
        """
        connection = await self._host.connections.get(workspace)
        for record in await self._host.memory(connection.id).runs():
            if record.run_id == run_id:
                return await run_detail(record, self._log.events(run_id, failed_first=True), limit=limit)
        raise ConfigurationError(f"workspace {workspace!r} has no run {run_id!r}; it may have been deleted as too old")

    async def delete_old_runs(self, before: datetime) -> int:
        """
        Forget the runs of all connections that ended earlier, and their log; the last run of each stays in the list.

        Returns:
            How many events were deleted.
        """
        for connection in await self._host.connections.all():
            await self._host.memory(connection.id).forget_runs(before)
        return await self._log.delete_runs(before)

    async def _change(self, workspace: WorkspaceId, to: Callable[[Connection], Connection]) -> Connection:
        changed = None
        while changed is None:  # deleted and connected anew in between
            connection = await self._host.connections.get(workspace)
            changed = await self._host.connections.change(workspace, connection.id, to)
        self._news.tell()
        return changed
