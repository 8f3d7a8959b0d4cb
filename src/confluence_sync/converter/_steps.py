"""What the tags around a text do, worked out once for each run of tags: most runs come again and again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ._context import Element
from ._elements import ELEMENTS, TRANSPARENT, VOID
from ._pieces import Mark
from ._rules import PARAGRAPH, EmptyRule, Line, LineRule, Step, Switch
from ._tokens import read_attributes, split_tags, tag_name

__all__ = ["KNOWN", "Steps", "steps"]


Steps = tuple[Sequence[Step], Line | None, Sequence[Step]]
"""
What a token does: its start tags, its text, its end tags.

The elements with nothing in them but the text are written with it, tags and all; None if there are none of that kind.
"""

KNOWN: dict[str, Steps] = {}
"""The steps of runs that have been met, by their tags."""
_MANY = 5000
_SHORT = 200
_IDS = re.compile(
    r''' (?:ac:(?:macro-id|local-id|task-list-id|ref)|local-id|ri:local-id|data-local-id)="[0-9A-Za-z-]*+"'''
)
"""Different on each element, and of no use to us; `ac:ref` is that of a comment."""


def steps(starts: str, ends: str) -> Steps:
    """Return what a token does, given its start tags and its end tags."""
    if ("-id=" in starts or " ac:ref=" in starts) and "'" not in starts:
        starts = _IDS.sub("", starts)
        if known := KNOWN.get(starts + ends):
            return known
    found = _work_out(starts, ends)
    if len(starts) + len(ends) < _SHORT:
        if len(KNOWN) >= _MANY:
            KNOWN.clear()
        KNOWN[starts + ends] = found
    return found


def _work_out(starts: str, ends: str) -> Steps:
    before = [tag for tag in map(_start, split_tags(starts)) if tag.steps]
    after = [tag for tag in map(_end, split_tags(ends)) if tag.steps]
    line, depth = _line(before, after)
    return (
        [step for tag in before[: len(before) - depth] for step in tag.steps],
        line,
        [step for tag in after[depth:] for step in tag.steps],
    )


class _Tag(NamedTuple):
    """A tag, what it does, and the rule and the element if text can be in it."""

    name: str
    steps: Sequence[Step]
    rule: object = None
    element: Element | None = None


def _start(tag: str) -> _Tag:
    name = tag_name(tag)
    rule = ELEMENTS.get(name)
    ends = tag[-1] == "/" or name in VOID
    if name in TRANSPARENT:
        return _Tag(name, ())
    if rule is None:
        return _Tag(name, (_warning(name),) if ":" in name and not name.startswith("at:") else ())
    if isinstance(rule, Switch):
        return _Tag(name, (rule.begin, rule.end)) if ends else _Tag(name, (rule.begin,), rule)
    element = Element(name, rule, read_attributes(tag))
    return _Tag(name, (_put(element),)) if ends else _Tag(name, (element.open,), rule, element)


def _end(tag: str) -> _Tag:
    name = tag_name(tag)
    rule = ELEMENTS.get(name)
    if rule is None or name in VOID:
        return _Tag(name, ())
    return _Tag(name, (rule.end if isinstance(rule, Switch) else Element(name, rule).close,))


def _line(before: Sequence[_Tag], after: Sequence[_Tag]) -> tuple[Line | None, int]:
    """Return what writes the innermost elements whole (cell, paragraph, mark), and how many of them it does."""
    pairs = []
    for start, end in zip(reversed(before), after, strict=False):
        if start.name != end.name or not start.rule:
            break
        pairs.append(start)
    depth = 0
    mark = pairs[0].rule.mark if pairs and isinstance(pairs[0].rule, Switch) else None
    depth += mark is not None
    while depth < len(pairs) and pairs[depth].rule is PARAGRAPH:
        depth += 1
    block = depth > (mark is not None)
    if depth < len(pairs) and (element := pairs[depth].element):
        return _element_line(element, mark, block=block), depth + 1
    if block:
        return _paragraph_line(mark), depth
    return (_mark_line(mark) if mark else None), depth


def _put(element: Element) -> Step:
    if isinstance(element.rule, EmptyRule):
        return element.rule.put(element)
    return element.put


def _warning(name: str) -> Step:
    return lambda context: context.warnings.note("unknown_element", name)


def _element_line(element: Element, mark: Mark | None, *, block: bool) -> Line:
    if isinstance(element.rule, LineRule):
        return element.rule.line(element, mark, block=block)
    return lambda context, text: element.fill(context, text, mark, block=block)


def _paragraph_line(mark: Mark | None) -> Line:
    return lambda context, text: context.flow.add_paragraph(text, mark)


def _mark_line(mark: Mark) -> Line:
    return lambda context, text: context.flow.add_marked(mark, text)
