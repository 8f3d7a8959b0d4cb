"""Endpoints of attachments: metadata in v2, bytes through v1 and a redirect."""

from __future__ import annotations

from collections.abc import Iterator

from ._http import Reply, gateway_error
from ._nodes import Attachment, FakePage
from ._paging import Key, order_of, take
from ._router import Call, Router, not_found
from ._shapes import attachment_json, file_id, timestamp

__all__ = ["routes"]

routes = Router()

ORDERS: dict[str, Key[Attachment]] = {
    "created-date": lambda attachment: (timestamp(attachment.created_at), attachment.number),
    "modified-date": lambda attachment: (timestamp(attachment.updated_at), attachment.number),
}


@routes.get("/wiki/api/v2/pages/{id}/attachments", "read:attachment:confluence")
def list_attachments(call: Call) -> Reply:
    """Answer `GET /pages/{id}/attachments`."""
    page = call.node("page")
    assert isinstance(page, FakePage)
    media_type, filename = call.query.get("mediaType"), call.query.get("filename")
    wanted = [
        attachment
        for attachment in page.attachments.values()
        if media_type in {None, attachment.media_type} and filename in {None, attachment.filename}
    ]
    order = order_of(call.query, ORDERS, "created-date")
    found = take(wanted, order, cursor=call.query.get("cursor"), limit=call.query.limit(default=50))
    return call.listing(found, [attachment_json(attachment, page) for attachment in found.rows])


@routes.get("/wiki/api/v2/attachments/{id}", "read:attachment:confluence")
def get_attachment(call: Call) -> Reply:
    """Answer `GET /attachments/{id}`, with or without `att`."""
    page, attachment = _attachment(call, call.parameters["id"])
    payload = attachment_json(attachment, page)
    payload["_links"]["base"] = call.base
    return Reply(payload=payload, objects=1)


@routes.get(
    "/wiki/rest/api/content/{id}/child/attachment/{attachment}/download",
    "read:attachment:confluence",
    "readonly:content.attachment:confluence",
)
def redirect_to_bytes(call: Call) -> Reply:
    """Answer v1 `GET .../download`: a redirect to a signed address that wants no credentials."""
    _, attachment = _attachment(call, call.parameters["attachment"])
    location = f"{call.request.origin}/media/file/{file_id(attachment)}/binary?token=signed"
    return Reply(status=302, headers={"Location": location}, objects=1)


@routes.get("/media/file/{file}/binary", public=True)
def get_bytes(call: Call) -> Reply:
    """Answer as the media host does; a request that brings credentials of its own is refused."""
    if "authorization" in call.request.headers:
        raise gateway_error(400, "Only one auth mechanism allowed")
    for _, attachment in _attachments(call):
        if file_id(attachment) == call.parameters["file"]:
            headers = {"Content-Type": attachment.media_type}
            return Reply(content=attachment.data, headers=headers)
    raise gateway_error(404, "Not Found")


@routes.get("/wiki/download/attachments/{id}/{name}", public=True)
def refuse_browser_download(_: Call) -> Reply:
    """Answer `downloadLink` as it answers tokens: it is for browsers."""
    error = gateway_error(401, "Unauthorized")
    return Reply(status=401, payload=error.reply.payload, headers={"WWW-Authenticate": 'OAuth realm="confluence"'})


def _attachment(call: Call, attachment_id: str) -> tuple[FakePage, Attachment]:
    wanted = f"att{attachment_id.removeprefix('att')}"
    for page, attachment in _attachments(call):
        if attachment.id == wanted and call.sees(page):
            return page, attachment
    raise not_found(f"Cannot find an attachment with id [{attachment_id}]")


def _attachments(call: Call) -> Iterator[tuple[FakePage, Attachment]]:
    for node in call.content.nodes.values():
        if isinstance(node, FakePage):
            for attachment in node.attachments.values():
                yield node, attachment
