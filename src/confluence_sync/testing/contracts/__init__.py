"""
The contracts of the protocols as pytest classes: inherit one, give a fixture, and every promise is tested.

```python
class TestMyVFS(VFSContract):
    @pytest.fixture
    def vfs(self) -> MyVFS:
        return MyVFS(bucket="test")

    async def raw_write(self, vfs: MyVFS, path: str, data: bytes) -> None:  # a side door: not MyVFS.write
        vfs.client.put(path, data)
```

Side doors and the fixtures `advance` and `open_elsewhere` are optional: tests that need them skip without. What an
adapter does not promise is declared with its reason: `deviations = {"test_a_move_may_change_case_only": "..."}`.

They need pytest, pytest-asyncio and Hypothesis (the extra `testing`), and no auto mode.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    *(
        f"{__name__}.{module}"
        for module in ("_log_sink", "_points_ledger", "_run_log", "_state_store", "_token_store", "_vfs")
    )
)

from ._log_sink import LogSinkContract  # noqa: E402 - assertions are rewritten on import
from ._points_ledger import PointsLedgerContract  # noqa: E402
from ._run_log import RunLogContract  # noqa: E402
from ._samples import sample_run  # noqa: E402
from ._state_store import StateStoreContract  # noqa: E402
from ._token_store import TokenStoreContract  # noqa: E402
from ._vfs import VFSContract  # noqa: E402

__all__ = [
    "LogSinkContract",
    "PointsLedgerContract",
    "RunLogContract",
    "StateStoreContract",
    "TokenStoreContract",
    "VFSContract",
    "sample_run",
]
