"""What an app may use of its hourly points, counted where all its clients see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..clock import SystemClock
from ..errors import ConfigurationError, RateLimitedError
from ..protocols import Clock, PointsLedger

__all__ = ["PointsBudget"]

_HOUR = timedelta(hours=1)


class PointsBudget:
    """
    How many points an app may use in an hour of UTC, shared by all clients whose budget has the same ledger and app.

    Atlassian gives an OAuth app 65,000 points an hour for all its customers together, and refuses everybody once they
    are used up; what was used it tells only near the end. So the points of each request are counted (1, and what its
    answer holds), and once the budget is used up further requests are refused here, before they are made, as Atlassian
    would do it. What is under way then is still counted: some hundred points a client. Where answers tell that more
    was used, the count follows. API tokens have no quota and need no budget.

    ```python
    budget = PointsBudget(database.points, app=client_id, tenant=customer, tenant_points=20_000)
    client = ConfluenceClient(GatewayBearer(cloud_id, access_token), budget=budget)
    ```

    Args:
        ledger: Where the points are counted.
        app: Name of the app in the ledger, such as its client id.
        points: Of an hour that may be used; less than the quota leaves something to other uses of the app.
        tenant: One of the app's customers, so that none of them uses up what belongs to all.
        tenant_points: Of an hour that this customer may use; by default as many as the app.
        clock: Says which hour it is; tests give one.

    Raises:
        ConfigurationError: A number of points is not positive, or there are points for a tenant without a name.
    """

    def __init__(
        self,
        ledger: PointsLedger,
        *,
        app: str,
        points: int = 65_000,
        tenant: str = "",
        tenant_points: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        if points < 1 or (tenant_points is not None and tenant_points < 1):
            raise ConfigurationError("a budget has at least one point an hour")
        if tenant_points is not None and not tenant:
            raise ConfigurationError("`tenant_points` are those of a `tenant`; name it")
        self._ledger = ledger
        self._app = app
        self._limits = {app: points}
        if tenant:
            self._limits[f"{app}/{tenant}"] = points if tenant_points is None else tenant_points
        self._clock = clock or SystemClock()

    async def used(self) -> int:
        """Return the points that the app used in this hour, as far as is known."""
        return await self._ledger.add(self._app, self._hour(), 0)

    async def request(self) -> None:
        """
        Count one request that is about to be made.

        Raises:
            RateLimitedError: The budget was used up before, and is until `retry_after`; the request must not be made.
        """
        hour = self._hour()
        for name, limit in self._limits.items():
            if await self._ledger.add(name, hour, 1) > limit:
                left = (hour + _HOUR - self._clock.now()).total_seconds()
                raise RateLimitedError(
                    f"the {limit:,} points that {name!r} may use in an hour are used up",
                    quota=True,
                    status=None,
                    retry_after=max(0.0, left),
                )

    async def answer(self, points: int, *, used: int = 0, at: datetime | None = None) -> None:
        """
        Count what an answer holds.

        Args:
            points: For its objects.
            used: Points that the app used in that hour, by what the answer tells; 0 if it does not.
            at: When the answer was given, by the provider's clock: the hour may have turned since. By default now.
        """
        hour = self._hour(at)
        if points or used:
            for name in self._limits:
                await self._ledger.add(name, hour, points, at_least=used if name == self._app else 0)

    def _hour(self, at: datetime | None = None) -> datetime:
        return (at or self._clock.now()).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
