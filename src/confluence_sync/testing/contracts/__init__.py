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

Each test keeps a promise that has a name, and its failure begins with that name (`VFS.whole-documents: ...`).
`VFSContract.promises()` tells which tests keep which, `python -m confluence_sync.testing.contracts` lists them all.

Side doors, `open_dying` and the fixtures `advance` and `open_elsewhere` are optional: tests that need them skip.
What an adapter does not promise is declared with its reason, by the name of the promise or of one test, and is skipped:
`deviations = {"whole-documents": "the server shows a file while it is written"}`.

They need pytest, pytest-asyncio and Hypothesis (the extra `testing`), and no auto mode.
"""

from __future__ import annotations

import pytest

_REWRITTEN = ("_dying", "_log_sink", "_machines", "_points_ledger", "_run_log", "_state_store", "_token_store", "_vfs")
pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in _REWRITTEN))

from ._contract import Contract  # noqa: E402 - assertions are rewritten on import
from ._log_sink import LogSinkContract, LogSinkPromise  # noqa: E402
from ._points_ledger import PointsLedgerContract, PointsLedgerPromise  # noqa: E402
from ._promises import Promise  # noqa: E402
from ._run_log import RunLogContract, RunLogPromise  # noqa: E402
from ._samples import sample_run  # noqa: E402
from ._state_store import StateStoreContract, StateStorePromise  # noqa: E402
from ._token_store import TokenStoreContract, TokenStorePromise  # noqa: E402
from ._vfs import VFSContract, VFSPromise  # noqa: E402

__all__ = [
    "Contract",
    "LogSinkContract",
    "LogSinkPromise",
    "PointsLedgerContract",
    "PointsLedgerPromise",
    "Promise",
    "RunLogContract",
    "RunLogPromise",
    "StateStoreContract",
    "StateStorePromise",
    "TokenStoreContract",
    "TokenStorePromise",
    "VFSContract",
    "VFSPromise",
    "sample_run",
]
