"""
What tests need: a Confluence site in memory, empty or with the demo's pages; a clock to turn by hand; and the contracts
that adapters are held to.

The contracts need pytest and Hypothesis (the `testing` extra) and are imported only when they are asked for; the rest
does without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clock import ManualClock
from .demo import demo_site
from .fake_site import FakeContainer, FakePage, FakeSite, FakeSpace

if TYPE_CHECKING:
    from .contracts import (
        LogSinkContract,
        PointsLedgerContract,
        RunLogContract,
        StateStoreContract,
        TokenStoreContract,
        VFSContract,
    )

__all__ = [
    "FakeContainer",
    "FakePage",
    "FakeSite",
    "FakeSpace",
    "LogSinkContract",
    "ManualClock",
    "PointsLedgerContract",
    "RunLogContract",
    "StateStoreContract",
    "TokenStoreContract",
    "VFSContract",
    "demo_site",
]

_CONTRACTS = {name for name in __all__ if name.endswith("Contract")}


def __getattr__(name: str) -> object:
    if name not in _CONTRACTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import contracts

    contract: object = getattr(contracts, name)
    return contract
