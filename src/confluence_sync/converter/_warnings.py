"""What the Markdown of a page does not carry."""

from __future__ import annotations

from ..models import ConversionWarning
from ._anchors import without_marks

__all__ = ["Warnings"]


class Warnings:
    """
    What is lost in one conversion, each thing once with its count.

    Attributes:
        headings: The headings so far, as plain text with the marks of the anchors set in them.
    """

    def __init__(self) -> None:
        self.headings: list[str] = []
        self._noted: dict[tuple[str, str], tuple[int, str]] = {}

    def note(self, kind: str, name: str) -> None:
        """Note that something is lost; the same thing again is counted."""
        count, heading = self._noted.get((kind, name), (0, self.headings[-1] if self.headings else ""))
        self._noted[kind, name] = (count + 1, heading)

    def all(self) -> tuple[ConversionWarning, ...]:
        """Return what was noted, in order of first occurrence."""
        if not self._noted:
            return ()
        return tuple(
            [
                ConversionWarning(kind=kind, name=name, count=count, heading=without_marks(heading))
                for (kind, name), (count, heading) in self._noted.items()
            ]
        )
