"""Stage three: runs the plan. The only stage with effects."""

from ._context import EngineOptions
from ._engine import SyncEngine
from ._finish import StepResult
from ._preview import Preview
from ._records import Phase, RunRecord, RunState
from ._report import RunReport
from ._run import SyncRun

__all__ = [
    "EngineOptions",
    "Phase",
    "Preview",
    "RunRecord",
    "RunReport",
    "RunState",
    "StepResult",
    "SyncEngine",
    "SyncRun",
]
