"""What goes wrong on demand: answers replaced, lost, cut short or late."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

import attrs

from ...models import PageId
from ._http import Failure, Reply, Request, Response

__all__ = ["Fault", "Faults"]

KINDS = ("status", "timeout", "reset", "truncated", "invalid_json", "latency", "ends_early")


@attrs.define(kw_only=True)
class Fault:
    """
    One thing that goes wrong, some number of times.

    Attributes:
        kind: `status` answers with a status, body and headers; `timeout` never answers; `reset` breaks the connection;
            `truncated` cuts the body in half and breaks it; `invalid_json` cuts the body and ends well; `latency`
            answers late; `ends_early` shows the first rows of a listing as if there were no others.
        path: Substring or regular expression to be found in the path; "" for any.
        query: Asked with the query's last value of each name.
        page_id: Only answers that hold this page...
        bodies_only: ...with its body.
        rows: What is left of a listing that ends early.
        times: How often; None for ever.
        skip: Matching requests that go well before.
    """

    kind: str = attrs.field(default="status", validator=attrs.validators.in_(KINDS))
    path: str | re.Pattern[str] = ""
    query: Callable[[Mapping[str, str]], bool] = attrs.field(default=lambda _: True, repr=False)
    page_id: PageId | None = None
    bodies_only: bool = True
    status: int = 503
    body: str = ""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    seconds: float = 0.0
    rows: int = 0
    times: int | None = 1
    skip: int = 0

    def strikes(self, request: Request, reply: Reply) -> bool:
        """Whether this request is hit; counts it if so."""
        if not self._matches(request, reply):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def spoil(self, response: Response) -> Response:
        """Return what arrives instead of a good response."""
        half = response.body[: len(response.body) // 2]
        match self.kind:
            case "status":
                headers = {"Date": response.headers["Date"], **self.headers}
                return Response(status=self.status, headers=headers, body=self.body.encode())
            case "invalid_json":
                return attrs.evolve(response, body=half)
            case "latency":
                return attrs.evolve(response, delay=response.delay + self.seconds)
            case "ends_early":
                return _cut(response, self.rows)
            case kind:
                return attrs.evolve(response, failure=Failure(kind))

    def _matches(self, request: Request, reply: Reply) -> bool:
        if self.times == 0:
            return False
        found = self.path.search(request.path) if isinstance(self.path, re.Pattern) else self.path in request.path
        touched = reply.body_ids if self.bodies_only else reply.page_ids
        return bool(found and (self.page_id is None or self.page_id in touched) and self.query(dict(request.query)))


def _cut(response: Response, rows: int) -> Response:
    """Return a listing without what follows its first rows, and without a word about it."""
    if response.status != 200:
        return response
    listing = json.loads(response.body)
    if "results" not in listing:
        return response
    listing["results"] = listing["results"][:rows]
    listing["_links"].pop("next", None)
    headers = {name: value for name, value in response.headers.items() if name != "Link"}
    return attrs.evolve(response, headers=headers, body=json.dumps(listing).encode())


class Faults:
    """The faults of a site, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Let everything go well again."""
        self._faults.clear()

    def strike(self, request: Request, reply: Reply) -> Fault | None:
        """Return the first fault that hits a request."""
        return next((fault for fault in self._faults if fault.strikes(request, reply)), None)
