"""What the contracts have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn

import pytest
from hypothesis import HealthCheck, settings

from ._promises import Promise, promise_of

__all__ = ["PROPERTY", "Contract", "no_side_door"]

PROPERTY = settings(
    max_examples=20,
    stateful_step_count=15,
    derandomize=True,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    # The store is emptied by the test itself, and every adapter inherits the same test.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors, HealthCheck.too_slow],
)
"""For properties: the same examples in every run."""


class Contract:
    """
    Base of the contracts.

    Attributes:
        deviations: Name of a promise, or of one test, to the reason why this adapter does not keep it; what tests it
            is skipped, and the reason shown.
        patience: Seconds to wait for what should come at once, as a lock that is free.
        histories: How many random histories a state machine tells; fewer will do for a slow backend.
    """

    pytestmark: ClassVar[Any] = pytest.mark.asyncio
    deviations: ClassVar[Mapping[str, str]] = {}
    patience: ClassVar[float] = 30.0
    histories: ClassVar[int] = 20

    @classmethod
    def promises(cls) -> dict[Promise, list[str]]:
        """Return the names of the tests of each promise, in the order in which the promises are declared."""
        tests: dict[Promise, list[str]] = {}
        for name in dir(cls):
            if name.startswith("test_") and (promise := promise_of(getattr(cls, name))):
                tests.setdefault(promise, []).append(name)
        declared = {promise: list(type(promise).__members__.values()).index(promise) for promise in tests}
        return {promise: tests[promise] for promise in sorted(tests, key=declared.__getitem__)}

    @pytest.fixture(autouse=True)
    def _skip_deviations(self, request: pytest.FixtureRequest) -> None:
        promises = {promise.value for promise in self.promises()}
        unknown = [name for name in self.deviations if name not in promises and not hasattr(self, name)]
        assert not unknown, f"deviations from promises and tests that do not exist: {unknown}"
        promise = promise_of(request.function)
        for name, reason in self.deviations.items():
            if name in (promise, request.node.originalname):
                pytest.skip(f"deviation from {promise.label if promise else name}: {reason}")


def no_side_door(name: str) -> NoReturn:
    """Skip a test that needs what this adapter's test class did not give."""
    pytest.skip(f"`{name}` is not given")
