"""
Synced pages in LangChain: the extra `langchain`.

```python
loader = ConfluenceFolderLoader("confluence", max_chars=2000)
store.add_documents([document async for document in loader.alazy_load()])
```
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document

from ..reading import Folder, pages, passages
from ._iterate import iterate

__all__ = ["ConfluenceFolderLoader"]


class ConfluenceFolderLoader(BaseLoader):
    """
    Reads the files that a sync wrote, as one `Document` a passage, or a page.

    Ids stay the same from sync to sync, so that indexing takes up only what changed. The metadata are `title`, `url`
    (the deep link to cite), `source` (the same, for chains that cite by it), `source_url` and the others of
    `reading.Passage`.

    Args:
        folder: Where the sync wrote to: a `VFS`, a path, or the URL of an fsspec filesystem. `lazy_load` runs in an
            event loop of its own, which a `VFS` that belongs to another loop does not stand.
        whole_pages: One document a page.
        max_chars: Longer passages are split where one of their blocks begins.
        foreign: Whether to read other Markdown files of the folder, too.
    """

    def __init__(
        self, folder: Folder, *, whole_pages: bool = False, max_chars: int | None = None, foreign: bool = False
    ) -> None:
        self._folder = folder
        self._whole_pages = whole_pages
        self._max_chars = max_chars
        self._foreign = foreign

    def lazy_load(self) -> Iterator[Document]:
        """Yield the documents."""
        return iterate(self._documents)

    def alazy_load(self) -> AsyncIterator[Document]:
        """Yield the documents."""
        return self._documents()

    async def _documents(self) -> AsyncGenerator[Document]:
        if self._whole_pages:
            async for page in pages(self._folder, foreign=self._foreign):
                yield _document(page.id, page.markdown, page.metadata, source=page.source_url or page.path)
        else:
            async for passage in passages(self._folder, max_chars=self._max_chars, foreign=self._foreign):
                source = passage.url or passage.page.path
                yield _document(passage.id, passage.text, passage.metadata, source=source)


def _document(key: str, text: str, metadata: dict[str, str | int], *, source: str) -> Document:
    return Document(id=key, page_content=text, metadata={**metadata, "source": source})
