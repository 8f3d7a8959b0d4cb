"""Readers of synced folders for other libraries, each an extra: `llamaindex`, `langchain`."""

from __future__ import annotations

__all__: list[str] = []
