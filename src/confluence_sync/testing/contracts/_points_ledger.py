"""The contract of `PointsLedger`."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ...errors import StorageError
from ...protocols import PointsLedger
from ._contract import PROPERTY, Contract, no_side_door
from ._elsewhere import Report, elsewhere
from ._promises import Promise, keeps

__all__ = ["PointsLedgerContract", "PointsLedgerPromise"]

_HOUR = datetime(2026, 1, 5, 9, tzinfo=UTC)
_NEXT_HOUR = _HOUR + timedelta(hours=1)
_TIMES = 40
_examples = count()

_calls = st.lists(
    st.tuples(
        st.sampled_from(["app", "app/tenant"]),
        st.sampled_from([_HOUR, _NEXT_HOUR]),
        st.one_of(st.just(0), st.integers(0, 300)),
        st.one_of(st.just(0), st.integers(0, 1000)),
    ),
    max_size=12,
)


class PointsLedgerPromise(Promise):
    """What a `PointsLedger` promises."""

    ADDS_UP = "adds-up", "An hour begins with no points, and each call returns the sum so far."
    AT_LEAST = "at-least", "Points are added first and then raised to `at_least`, never lowered."
    NAMES_APART = "names-apart", "Names are opaque; each has points of its own."
    HOURS_APART = "hours-apart", "Each hour has points of its own; an hour is the same moment in every time zone."
    EXACT_AMONG_TASKS = "exact-among-tasks", "Of tasks that count at once each gets a sum of its own."
    EXACT_AMONG_PROCESSES = "exact-among-processes", "The same of processes, and what they counted outlives them."
    REACHES_BACKEND = "reaches-backend", "What was counted is in the backend when the call returns."
    LIKE_A_DICT = "like-a-dict", "Whatever is counted, the ledger has what a dict would have."
    FAILURES_TOLD = "failures-told", "What the backend refuses is a `StorageError`."


class PointsLedgerContract(Contract):
    """
    Every promise of `PointsLedger`.

    Give the fixture `points_ledger`, an empty ledger; the side door `raw_points`, which looks into the backend;
    `break_writes`, after which the backend refuses to count; and, if processes can share it, `open_elsewhere`: a
    picklable function without arguments that opens the same ledger in another process.
    """

    @pytest.fixture
    def points_ledger(self) -> PointsLedger:
        """Return an empty ledger."""
        raise NotImplementedError("a test class for a PointsLedger gives the fixture `points_ledger`")

    @pytest.fixture
    def open_elsewhere(self) -> Callable[[], PointsLedger]:
        """Return a picklable function that opens the same ledger in another process."""
        no_side_door("open_elsewhere")

    async def raw_points(self, points_ledger: Any, name: str, hour: datetime) -> int:  # noqa: ARG002 - for adapters
        """Return the points that the backend has of an hour, without the adapter."""
        no_side_door("raw_points")

    async def break_writes(self, points_ledger: Any) -> None:  # noqa: ARG002 - for adapters
        """Let the backend refuse to count from now on."""
        no_side_door("break_writes")

    @keeps(PointsLedgerPromise.ADDS_UP)
    async def test_points_add_up(self, points_ledger: PointsLedger) -> None:
        """An hour begins with none, and each call tells the sum."""
        sums = [await points_ledger.add("app", _HOUR, points) for points in (0, 1, 250, 0)]
        assert sums == [0, 1, 251, 251], "add: return how many the hour has now"

    @keeps(PointsLedgerPromise.AT_LEAST)
    async def test_points_rise_to_at_least(self, points_ledger: PointsLedger) -> None:
        """Who knows of more than was counted raises the sum, also of an hour without any; nobody lowers it."""
        assert await points_ledger.add("app", _HOUR, 1, at_least=100) == 100, "add: at least `at_least`, not beyond"
        assert await points_ledger.add("app", _HOUR, 5, at_least=50) == 105, "add: `at_least` never lowers"
        assert await points_ledger.add("app", _HOUR, 5, at_least=108) == 110, "add: points first, then `at_least`"

    @keeps(PointsLedgerPromise.NAMES_APART)
    async def test_names_do_not_mix(self, points_ledger: PointsLedger) -> None:
        """Names are opaque: case, separators and scripts tell them apart."""
        names = ["app", "App", "app ", "app/tenant", "../app", "äpp", "%", "x" * 512]
        for points, name in enumerate(names, 1):
            await points_ledger.add(name, _HOUR, points)
        found = [await points_ledger.add(name, _HOUR, 0) for name in names]
        assert found == list(range(1, len(names) + 1)), "each name has points of its own"

    @keeps(PointsLedgerPromise.HOURS_APART)
    async def test_hours_do_not_mix(self, points_ledger: PointsLedger) -> None:
        """Each hour begins anew, the one before is still there, and an hour is the same in every time zone."""
        await points_ledger.add("app", _HOUR, 7)
        assert await points_ledger.add("app", _NEXT_HOUR, 1) == 1, "each hour has points of its own"
        elsewhere_now = _HOUR.astimezone(timezone(timedelta(hours=5)))
        assert await points_ledger.add("app", elsewhere_now, 1) == 8, "an hour is a moment, whatever its time zone"

    @keeps(PointsLedgerPromise.EXACT_AMONG_TASKS)
    async def test_tasks_count_exactly(self, points_ledger: PointsLedger) -> None:
        """Of tasks that count at once each gets a sum of its own, and no point is lost."""
        sums = await asyncio.gather(*(points_ledger.add("app", _HOUR, 1) for _ in range(_TIMES)))
        assert sorted(sums) == list(range(1, _TIMES + 1)), "add: exact among tasks"

    @keeps(PointsLedgerPromise.EXACT_AMONG_PROCESSES)
    async def test_processes_count_exactly(
        self, points_ledger: PointsLedger, open_elsewhere: Callable[[], PointsLedger]
    ) -> None:
        """Two processes that count at once lose no point, and what they counted outlives them."""
        async with (
            elsewhere(_add_elsewhere, open_elsewhere) as first,
            elsewhere(_add_elsewhere, open_elsewhere) as second,
        ):
            sums = [*await first.report(), *await second.report()]
            await first.kill()
            await second.kill()
        assert sorted(sums) == list(range(1, 2 * _TIMES + 1)), "add: exact among processes"
        assert await points_ledger.add("app", _HOUR, 0) == 2 * _TIMES, "add: survives the death of the process"

    @keeps(PointsLedgerPromise.REACHES_BACKEND)
    async def test_counting_reaches_the_backend(self, points_ledger: PointsLedger) -> None:
        """What one process counted is there for the others when its call returns."""
        await points_ledger.add("app", _HOUR, 7)
        assert await self.raw_points(points_ledger, "app", _HOUR) == 7, "add: counted in one place"

    @keeps(PointsLedgerPromise.FAILURES_TOLD)
    async def test_a_failure_is_told(self, points_ledger: PointsLedger) -> None:
        """Points that are not counted are told, never passed over in silence."""
        await self.break_writes(points_ledger)
        with pytest.raises(StorageError):
            await points_ledger.add("app", _HOUR, 1)

    @given(calls=_calls)
    @PROPERTY
    @keeps(PointsLedgerPromise.LIKE_A_DICT)
    async def test_like_a_dict(self, points_ledger: PointsLedger, calls: list[tuple[str, datetime, int, int]]) -> None:
        """Whatever is counted, the ledger has what a dict would have."""
        example = next(_examples)  # the ledger is not emptied between them
        model: defaultdict[tuple[str, datetime], int] = defaultdict(int)
        for name, hour, points, at_least in calls:
            model[name, hour] = max(model[name, hour] + points, at_least)
            total = await points_ledger.add(f"{example}/{name}", hour, points, at_least=at_least)
            assert total == model[name, hour], f"after {calls}"


async def _add_elsewhere(report: Report, open_ledger: Callable[[], PointsLedger]) -> None:
    ledger = open_ledger()
    report([await ledger.add("app", _HOUR, 1) for _ in range(_TIMES)])
    await asyncio.Event().wait()  # until killed: what was counted does not need a proper end
