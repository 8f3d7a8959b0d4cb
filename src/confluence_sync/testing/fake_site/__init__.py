"""
Confluence Cloud in memory, for tests of this library, for tests of hosts, and for demos that need no account.

It answers the requests a reader makes as Confluence Cloud does, with its traps: relative `next` links, opaque cursors,
archived pages in default listings, trashed pages that answer 200, folders among the parents, searches that lag behind
and read dates in the site's own time zone, points, limits and odd error bodies. Bodies exist in storage format only.
"""

from ._content import FakeUser
from ._generated import generated_site
from ._http import Request, Response
from ._nodes import Attachment, FakeContainer, FakePage, FakeSpace, Node, Revision
from ._oauth import FakeConsent, FakeOAuth, FakeOAuthApp
from ._server import Server
from ._site import FakeSite, RecordedRequest

__all__ = [
    "Attachment",
    "FakeConsent",
    "FakeContainer",
    "FakeOAuth",
    "FakeOAuthApp",
    "FakePage",
    "FakeSite",
    "FakeSpace",
    "FakeUser",
    "Node",
    "RecordedRequest",
    "Request",
    "Response",
    "Revision",
    "Server",
    "generated_site",
]
