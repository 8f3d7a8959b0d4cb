"""Content as the v2 API writes it in JSON. All ids are strings, all times UTC with milliseconds."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from ._content import FakeUser
from ._nodes import Attachment, FakeContainer, FakePage, FakeSpace, Node, Revision

__all__ = [
    "attachment_json",
    "child_json",
    "container_json",
    "file_id",
    "page_json",
    "space_json",
    "timestamp",
    "user_json",
    "version_json",
    "web_path",
]


def timestamp(time: datetime) -> str:
    """Return `2026-10-30T16:05:44.123Z`."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def space_json(space: FakeSpace) -> dict[str, Any]:
    """Return `SpaceBulk`."""
    return {
        "id": space.id,
        "key": space.key,
        "name": space.name,
        "type": space.type,
        "status": space.status,
        "authorId": space.ledger.default_author(),
        "spaceOwnerId": space.ledger.default_author(),
        "currentActiveAlias": space.key,
        "createdAt": timestamp(space.created_at),
        "homepageId": space.homepage_id,
        "description": None,
        "icon": None,
        "_links": {"webui": f"/spaces/{space.key}"},
    }


def version_json(revision: Revision) -> dict[str, Any]:
    """Return `Version`."""
    return {
        "createdAt": timestamp(revision.at),
        "message": revision.message,
        "number": revision.number,
        "minorEdit": False,
        "authorId": revision.author_id,
    }


def page_json(page: FakePage, *, body: bool, revision: Revision | None = None) -> dict[str, Any]:
    """Return `PageBulk` or `BlogPostBulk`, of the current version or another."""
    shown = revision or page.revisions[-1]
    historical = shown.number < page.version
    tree = {} if page.type == "blogpost" else _place(page) | {"ownerId": page.author_id, "lastOwnerId": None}
    return {
        "id": page.id,
        "status": "historical" if historical else page.status,
        "title": shown.title,
        "spaceId": page.space.id,
        **tree,
        "authorId": page.author_id,
        "subtype": page.subtype,
        "createdAt": timestamp(page.created_at),
        "version": version_json(shown),
        "body": {"storage": {"representation": "storage", "value": shown.storage}} if body else {},
        "_links": {
            "webui": web_path(page),
            "editui": f"/pages/resumedraft.action?draftId={page.id}",
            "tinyui": f"/x/{_tiny(page.number)}",
        },
    }


def container_json(node: FakeContainer) -> dict[str, Any]:
    """Return `FolderSingle` and its like."""
    embed = {"embedUrl": node.embed_url} if node.embed_url else {}
    return {
        "id": node.id,
        "type": node.type,
        "status": node.status,
        "title": node.title,
        **_place(node),
        "authorId": node.author_id,
        "ownerId": node.author_id,
        "createdAt": timestamp(node.created_at),
        "spaceId": node.space.id,
        "version": version_json(node.revisions[-1]),
        **embed,
        "_links": {"webui": web_path(node)},
    }


def child_json(node: Node) -> dict[str, Any]:
    """Return `ChildrenResponse`."""
    return {
        "id": node.id,
        "status": node.status,
        "title": node.title,
        "type": node.type,
        "spaceId": node.space.id,
        "childPosition": node.position,
    }


def attachment_json(attachment: Attachment, page: FakePage) -> dict[str, Any]:
    """Return `AttachmentBulk`."""
    name = _slug(attachment.filename)
    webui = f"/pages/viewpageattachments.action?pageId={page.id}&preview=%2F{page.id}%2F{attachment.number}%2F{name}"
    modified = int(attachment.updated_at.timestamp() * 1000)
    download = (
        f"/download/attachments/{page.id}/{name}"
        f"?version={attachment.version}&modificationDate={modified}&cacheVersion=1&api=v2"
    )
    return {
        "id": attachment.id,
        "status": "current",
        "title": attachment.filename,
        "createdAt": timestamp(attachment.created_at),
        "pageId": page.id,
        "mediaType": attachment.media_type,
        "mediaTypeDescription": attachment.media_type,
        "comment": "",
        "fileId": file_id(attachment),
        "fileSize": len(attachment.data),
        "webuiLink": webui,
        "downloadLink": download,
        "version": {
            "createdAt": timestamp(attachment.updated_at),
            "message": "",
            "number": attachment.version,
            "minorEdit": False,
            "authorId": attachment.author_id,
        },
        "_links": {"webui": webui, "download": download},
    }


def file_id(attachment: Attachment) -> str:
    """Return the media id, which is not the attachment's id."""
    return f"00000000-0000-4000-8000-{attachment.number:012d}"


def user_json(user: FakeUser) -> dict[str, Any]:
    """Return `User`; e-mail address and time zone are hidden by privacy, as they mostly are."""
    return {
        "displayName": user.display_name,
        "publicName": user.display_name,
        "accountId": user.account_id,
        "accountType": "atlassian",
        "accountStatus": "active",
        "timeZone": None,
        "email": "",
        "personalSpaceId": None,
        "isExternalCollaborator": False,
        "profilePicture": {"path": "/wiki/aa-avatar/default", "isDefault": True},
    }


def web_path(node: Node) -> str:
    """Return `_links.webui`, relative to the site's `/wiki`."""
    prefix = f"/spaces/{node.space.key}"
    match node.type:
        case "page" if node.id == node.space.homepage_id:
            return f"{prefix}/overview"
        case "page":
            return f"{prefix}/pages/{node.id}/{_slug(node.title)}"
        case "blogpost":
            return f"{prefix}/blog/{node.created_at:%Y/%m/%d}/{node.id}/{_slug(node.title)}"
        case other:
            return f"{prefix}/{other}/{node.id}"


def _place(node: Node) -> dict[str, Any]:
    return {
        "parentId": node.parent_id,
        "parentType": None if node.parent is None else node.parent.type,
        "position": node.position,
    }


def _tiny(number: int) -> str:
    """Return the short form of an id: its little-endian bytes in base64 without the zeros at the end."""
    code = base64.b64encode(number.to_bytes(8, "little"), altchars=b"_-").decode()
    return code.rstrip("=").rstrip("A")


def _slug(text: str) -> str:
    return quote_plus(text, errors="replace")  # JSON can carry half a character, a URL cannot
