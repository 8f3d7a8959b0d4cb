"""The reader for LlamaIndex, with the real package."""

import pytest
from servers import require_package

require_package("llama_index.core", "llamaindex")

from llama_index.core.schema import MetadataMode, NodeRelationship

from confluence_sync.adapters import FsspecVFS
from confluence_sync.errors import StorageError
from confluence_sync.integrations.llamaindex import ConfluenceFolderReader

URL = "https://your-site.atlassian.net/wiki/spaces/OPS/pages/42/Restore"


def test_pages_are_documents(folder):
    """A document a page, under the id of the page, with the metadata of a citation."""
    (document,) = ConfluenceFolderReader(folder).load_data()
    assert (document.id_, document.metadata["source_url"]) == ("42", URL)
    assert document.text.startswith("Takes long.\n")
    assert document.get_content(MetadataMode.EMBED).startswith("title: Restore\n\nTakes long.")
    assert URL in document.get_content(MetadataMode.LLM)


def test_passages_are_nodes(folder):
    """A node a passage, with the deep link, and the page as its source."""
    first, second = ConfluenceFolderReader(folder).load_nodes()
    assert (first.id_, second.id_) == ("42#", "42#before")
    assert second.metadata["url"] == f"{URL}#Before"
    assert second.relationships[NodeRelationship.SOURCE].node_id == "42"
    assert second.get_content(MetadataMode.EMBED) == "title: Restore\nheading: Before\n\n" + second.text
    assert [node.id_ for node in ConfluenceFolderReader(folder).load_nodes(max_chars=10)] == [
        "42#",
        "42#before",
        "42#before/1",
    ]


async def test_asynchronous_reading_is_the_same(folder):
    """Both ways give the same, whether or not an event loop is running."""
    reader = ConfluenceFolderReader(FsspecVFS.from_url(folder), foreign=True)
    assert await reader.aload_data() == await reader.alazy_load_data() == list(reader.lazy_load_data())
    assert await reader.aload_nodes() == reader.load_nodes()
    assert [document.id_ for document in reader.load_data()] == ["42", "notes.md"]


def test_errors_reach_the_caller(folder):
    """A folder that cannot be read is a StorageError here, too."""

    class Broken(FsspecVFS):
        async def read(self, path):
            raise StorageError("disk error")

    with pytest.raises(StorageError, match="disk error"):
        ConfluenceFolderReader(Broken.from_url(folder)).load_data()
