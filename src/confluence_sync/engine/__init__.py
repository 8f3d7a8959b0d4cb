"""Stage three: runs the plan. The only stage with effects."""

from ._context import EngineOptions
from ._engine import SyncEngine
from ._finish import StepResult
from ._guard import RunGuard
from ._past import ConnectionMemory
from ._preview import Preview
from ._progress import Progress
from ._records import HeldDeletions, Phase, RunRecord, RunState
from ._report import RunReport
from ._run import SyncRun

__all__ = [
    "ConnectionMemory",
    "EngineOptions",
    "HeldDeletions",
    "Phase",
    "Preview",
    "Progress",
    "RunGuard",
    "RunRecord",
    "RunReport",
    "RunState",
    "StepResult",
    "SyncEngine",
    "SyncRun",
]
