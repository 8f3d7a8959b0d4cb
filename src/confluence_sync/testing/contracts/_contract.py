"""What the contracts have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn

import pytest
from hypothesis import HealthCheck, settings

__all__ = ["PROPERTY", "Contract", "no_side_door"]

PROPERTY = settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    # The store is emptied by the test itself, and every adapter inherits the same test.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors, HealthCheck.too_slow],
)
"""For properties: the same examples in every run."""


class Contract:
    """
    Base of the contracts.

    Attributes:
        deviations: Name of a test to the reason why this adapter does not keep its promise; the test is skipped.
    """

    pytestmark: ClassVar[Any] = pytest.mark.asyncio
    deviations: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture(autouse=True)
    def _skip_deviations(self, request: pytest.FixtureRequest) -> None:
        unknown = [name for name in self.deviations if not hasattr(self, name)]
        assert not unknown, f"deviations from tests that do not exist: {unknown}"
        if reason := self.deviations.get(request.node.originalname):
            pytest.skip(f"deviation: {reason}")


def no_side_door(name: str) -> NoReturn:
    """Skip a test that needs what this adapter's test class did not give."""
    pytest.skip(f"`{name}` is not given")
