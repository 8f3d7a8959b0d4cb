"""`python -m confluence_sync.testing.contracts` prints a table of all promises, as it stands in the reference."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from confluence_sync.testing import contracts
from confluence_sync.testing.contracts import Contract

__all__ = ["table"]

_HOOKS = {"advance", "break_writes", "open_dying", "open_elsewhere"}


def table() -> str:
    """Return the promises of all contracts as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    for name in contracts.__all__:
        if name.endswith("Contract") and name != "Contract":
            contract: type[Contract] = getattr(contracts, name)
            yield f"\n## {name.removesuffix('Contract')}\n"
            yield "| promise | what it says | tests that need a hook |"
            yield "| --- | --- | --- |"
            for promise, tests in contract.promises().items():
                hooks = sorted({hook for test in tests for hook in _hooks(contract, test)})
                yield f"| `{promise.value}` | {promise.statement} | {', '.join(f'`{hook}`' for hook in hooks)} |"


def _hooks(contract: type[Contract], test: str) -> Iterator[str]:
    """Yield the optional fixtures and methods that a test uses."""
    function = inspect.unwrap(getattr(contract, test))
    for name in (*inspect.signature(function).parameters, *function.__code__.co_names):
        if hasattr(contract, name) and (name in _HOOKS or name.startswith("raw_") or name == "recorded"):
            yield name


if __name__ == "__main__":
    print(table())  # noqa: T201 - it is a command
