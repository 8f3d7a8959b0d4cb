"""The file: YAML front matter, then Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs
import yaml

__all__ = ["Document", "as_document", "read_document", "render_document"]

_FENCE = "---\n"
_NO_FOLDING = 2**31 - 1
_ESCAPED_BY_LIBYAML = re.compile("[\x85\U00010000-\U0010ffff]")
"""What the fast dumper would write as `\\U0001F600`; apart from that the two write the same."""

_LINE_BREAKS = re.compile("[\x85\u2028\u2029]")
"""Read back as white space unless escaped, which PyYAML alone does only between double quotes."""


class _SlowDumper(yaml.SafeDumper):
    """PyYAML alone, without libyaml."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Quote a text so that it is read back as it is."""
        return self.represent_scalar("tag:yaml.org,2002:str", data, style='"' if _LINE_BREAKS.search(data) else None)


_SlowDumper.add_representer(str, _SlowDumper.represent_str)
_FAST_DUMPER = getattr(yaml, "CSafeDumper", _SlowDumper)


@attrs.frozen
class Document:
    """A synced file: its front matter and its Markdown. Without front matter `metadata` is empty."""

    metadata: Mapping[str, object]
    markdown: str


def render_document(metadata: Mapping[str, object], markdown: str) -> bytes:
    """
    Return the bytes of a file: UTF-8, LF, no trailing spaces, one newline at the end.

    Args:
        metadata: JSON values by name; they keep their order. Nothing in them can end the front matter early.
        markdown: As `convert` returns it.
    """
    front = yaml.dump(
        _writable(dict(metadata)),
        Dumper=_dumper(metadata),
        sort_keys=False,
        allow_unicode=True,
        width=_NO_FOLDING,
        default_flow_style=False,
    )
    lines = (line.rstrip() for line in markdown.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n"))
    body = "\n".join(lines).strip("\n")
    head = f"{_FENCE}{front if metadata else ''}{_FENCE}"
    return (f"{head}\n{body}\n" if body else head).encode("utf-8", "replace")


def _writable(value: object) -> object:
    """Replace lone surrogates, which UTF-8 cannot hold."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case Mapping():
            return {_writable(key): _writable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_writable(inner) for inner in value]
    return value


def _dumper(metadata: Mapping[str, object]) -> type[yaml.SafeDumper]:
    text = "".join(map(str, metadata.values()))
    dumper: type[yaml.SafeDumper] = _SlowDumper if _ESCAPED_BY_LIBYAML.search(text) else _FAST_DUMPER
    return dumper


def read_document(data: bytes) -> Document:
    """Return the front matter and the Markdown of a file; front matter that cannot be read is left out."""
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    if text.endswith("\n---"):  # front matter alone, its last newline lost
        text += "\n"
    head, fence, body = text.removeprefix(_FENCE).partition("\n" + _FENCE)
    if not text.startswith(_FENCE):
        return Document({}, text)
    if head.startswith(_FENCE):
        return Document({}, text.removeprefix(_FENCE + _FENCE).removeprefix("\n"))
    metadata = _load(head) if fence else None
    return Document({}, text) if metadata is None else Document(metadata, body.removeprefix("\n"))


def as_document(document: Document | str) -> Document:
    """Take the text of a file, or of a page without front matter, for a document."""
    return read_document(document.encode("utf-8", "replace")) if isinstance(document, str) else document


_UNREADABLE = (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError)
"""What PyYAML raises; the last three for a value that is not what its tag says (`!!bool x`), and for a deep one."""


def _load(front: str) -> dict[str, object] | None:
    try:
        loaded = yaml.safe_load(front)
    except _UNREADABLE:
        return None
    return loaded if isinstance(loaded, dict) else None
