"""
Synced pages in LlamaIndex: the extra `llamaindex`.

```python
nodes = await ConfluenceFolderReader("confluence").aload_nodes()
index = VectorStoreIndex(nodes)
```
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import Document, NodeRelationship, RelatedNodeInfo, TextNode

from ..reading import Folder, Passage, SyncedPage, pages, passages
from ._iterate import iterate

__all__ = ["ConfluenceFolderReader"]

_EMBEDDED = {"title", "heading"}
"""The metadata that tell what a text is about; a model that answers sees the others, too, and can cite them."""


class ConfluenceFolderReader(BaseReader):
    """
    Reads the files that a sync wrote: pages as `Document`, passages as `TextNode`.

    Ids stay the same from sync to sync, so that pipelines with a document store take up only what changed.

    Args:
        folder: Where the sync wrote to: a `VFS`, a path, or the URL of an fsspec filesystem. What is not asynchronous
            here runs in an event loop of its own, which a `VFS` that belongs to another loop does not stand.
        foreign: Whether to read other Markdown files of the folder, too.
    """

    def __init__(self, folder: Folder, *, foreign: bool = False) -> None:
        self._folder = folder
        self._foreign = foreign

    def lazy_load_data(self, *_: Any, **__: Any) -> Iterable[Document]:
        """Yield the pages."""
        return map(_document, iterate(lambda: pages(self._folder, foreign=self._foreign)))

    async def aload_data(self, *_: Any, **__: Any) -> list[Document]:
        """Return the pages."""
        return [_document(page) async for page in pages(self._folder, foreign=self._foreign)]

    async def alazy_load_data(self, *_: Any, **__: Any) -> Iterable[Document]:
        """Return the pages."""
        return await self.aload_data()

    def load_nodes(self, *, max_chars: int | None = None) -> list[TextNode]:
        """Return the passages, each with the deep link to its heading as `url`."""
        return [*map(_node, iterate(lambda: passages(self._folder, max_chars=max_chars, foreign=self._foreign)))]

    async def aload_nodes(self, *, max_chars: int | None = None) -> list[TextNode]:
        """Return the passages, each with the deep link to its heading as `url`."""
        found = passages(self._folder, max_chars=max_chars, foreign=self._foreign)
        return [_node(passage) async for passage in found]


def _document(page: SyncedPage) -> Document:
    return Document(id_=page.id, text=page.markdown, **_metadata(page.metadata))


def _node(passage: Passage) -> TextNode:
    source = RelatedNodeInfo(node_id=passage.page.id)
    return TextNode(
        id_=passage.id,
        text=passage.section.markdown,
        relationships={NodeRelationship.SOURCE: source},
        **_metadata(passage.metadata),
    )


def _metadata(metadata: dict[str, str | int]) -> dict[str, Any]:
    return {"metadata": metadata, "excluded_embed_metadata_keys": sorted(metadata.keys() - _EMBEDDED)}
