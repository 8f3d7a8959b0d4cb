"""The loader for LangChain, with the real package."""

from servers import require_package

require_package("langchain_core", "langchain")

from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.vectorstores import InMemoryVectorStore

from confluence_sync.integrations.langchain import ConfluenceFolderLoader

URL = "https://your-site.atlassian.net/wiki/spaces/OPS/pages/42/Restore"


def test_passages_are_documents(folder):
    """A document a passage, with its headings in the text and the deep link as its source."""
    first, second = ConfluenceFolderLoader(folder).load()
    assert (first.id, second.id) == ("42#", "42#before")
    assert second.page_content == "Restore > Before\n\nStop the writers.\n\nTell support."
    assert second.metadata["source"] == second.metadata["url"] == f"{URL}#Before"


def test_whole_pages_are_documents(folder):
    """On demand a document is a page, and other files are read, by their path."""
    page, foreign = ConfluenceFolderLoader(folder, whole_pages=True, foreign=True).load()
    assert (page.id, page.metadata["source"]) == ("42", URL)
    assert (foreign.id, foreign.metadata["source"]) == ("notes.md", "notes.md")


async def test_asynchronous_reading_is_the_same(folder):
    """Both ways give the same, whether or not an event loop is running; who stops early leaves nothing behind."""
    loader = ConfluenceFolderLoader(folder, max_chars=10)
    assert [document async for document in loader.alazy_load()] == await loader.aload() == loader.load()
    documents = loader.lazy_load()
    next(documents)
    documents.close()


def test_documents_fit_a_vector_store(folder):
    """A store takes the documents with their ids and gives back what to cite."""
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
    assert store.add_documents(ConfluenceFolderLoader(folder).load()) == ["42#", "42#before"]
    (found,) = store.similarity_search("Restore > Before\n\nStop the writers.\n\nTell support.", k=1)
    assert found.metadata["url"] == f"{URL}#Before"
