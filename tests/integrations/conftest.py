"""A synced folder for the readers."""

import pytest

from confluence_sync.converter import render_document

URL = "https://your-site.atlassian.net/wiki/spaces/OPS/pages/42/Restore"


@pytest.fixture
def folder(tmp_path):
    metadata = {"title": "Restore", "source_url": URL, "space": "OPS", "page_id": "42", "version": 7}
    (tmp_path / "Restore.md").write_bytes(
        render_document(metadata, "Takes long.\n\n## Before\n\nStop the writers.\n\nTell support.\n")
    )
    (tmp_path / "notes.md").write_text("By hand.\n")
    return tmp_path
