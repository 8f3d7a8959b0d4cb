"""Spaces and the tree of pages and containers in them, with what people do to them."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol, TypeVar

import attrs

from ...models import ContentId, PageId, SpaceId

__all__ = ["Attachment", "FakeContainer", "FakePage", "FakeSpace", "Ledger", "Node", "Revision"]

NodeT = TypeVar("NodeT", bound="Node")


class Ledger(Protocol):
    """What content needs to know of the site it is on."""

    def now(self) -> datetime:
        """Return the site's time, in milliseconds like all of its timestamps."""

    def next_number(self) -> int:
        """Return a number that was never the id of anything."""

    def next_position(self) -> int:
        """Return a position behind all others."""

    def default_author(self) -> str:
        """Return the account that makes things when no author is named."""

    def children(self, node: Node) -> list[Node]:
        """Return what hangs directly below, in order of position."""

    def add(self, node: NodeT) -> NodeT:
        """Put new content on the site."""

    def remove(self, node: Node) -> None:
        """Forget content."""

    def remove_space(self, space: FakeSpace) -> None:
        """Forget a space and its content."""


@attrs.frozen(kw_only=True)
class Revision:
    """One version of a piece of content; moves and restrictions make none."""

    number: int
    at: datetime
    author_id: str
    title: str
    storage: str = attrs.field(default="", repr=False)
    message: str = ""


@attrs.frozen(kw_only=True)
class Attachment:
    """The current version of a file on a page; `number` is what its id counts."""

    number: int
    filename: str
    data: bytes = attrs.field(repr=False)
    media_type: str
    created_at: datetime
    updated_at: datetime
    version: int
    author_id: str

    @property
    def id(self) -> str:
        """The id as the API spells it, `att65540`."""
        return f"att{self.number}"


@attrs.define(eq=False, kw_only=True)
class Node:
    """
    Anything with a place in the tree of a space.

    Attributes:
        number: What the id counts; ids are sorted by it, not as text.
        type: `page`, `blogpost`, `folder`, `whiteboard`, `database` or `embed`.
        parent: None at the top of the space.
        status: `current`, `archived` or `trashed`.
        position: Order among siblings.
        restricted: Hidden, with all below it, from the user whose credentials the site accepts.
    """

    ledger: Ledger = attrs.field(repr=False)
    number: int
    type: str
    space: FakeSpace = attrs.field(repr=lambda space: space.key)
    parent: Node | None = attrs.field(default=None, repr=False)
    status: str = "current"
    position: int = 0
    restricted: bool = False
    revisions: list[Revision] = attrs.field(factory=list, repr=False)
    _past: list[tuple[datetime, str]] = attrs.field(factory=list, init=False, repr=False)

    @property
    def id(self) -> ContentId:
        """The id as the API spells it, decimal digits."""
        return ContentId(str(self.number))

    @property
    def parent_id(self) -> ContentId | None:
        """Id of the parent, None at the top of the space."""
        return None if self.parent is None else self.parent.id

    @property
    def title(self) -> str:
        """The current title."""
        return self.revisions[-1].title

    @property
    def version(self) -> int:
        """The current version number."""
        return self.revisions[-1].number

    @property
    def created_at(self) -> datetime:
        """Time of the first version."""
        return self.revisions[0].at

    @property
    def updated_at(self) -> datetime:
        """Time of the current version."""
        return self.revisions[-1].at

    @property
    def author_id(self) -> str:
        """Account that created it."""
        return self.revisions[0].author_id

    @property
    def visible(self) -> bool:
        """Whether the syncing user may see it."""
        return not self.space.restricted and not self.restricted and not any(node.restricted for node in self.lineage())

    @property
    def direct_children(self) -> list[Node]:
        """What hangs directly below and is not in the trash, in order, as `GET .../direct-children` lists it."""
        return [node for node in self.ledger.children(self) if node.status != "trashed"]

    @property
    def children(self) -> list[FakePage]:
        """The pages among the direct children, in order, as `GET .../children` lists them."""
        return [node for node in self.direct_children if isinstance(node, FakePage)]

    def lineage(self) -> Iterator[Node]:
        """Yield the ancestors, nearest first; stops where a tree made wrong on purpose turns in a circle."""
        seen, node = {self.number}, self.parent
        while node is not None and node.number not in seen:
            yield node
            seen.add(node.number)
            node = node.parent

    def as_of(self, time: datetime) -> Revision | None:
        """Return the version that was current at a time, None before the first."""
        return next((revision for revision in reversed(self.revisions) if revision.at <= time), None)

    def status_as_of(self, time: datetime) -> str:
        """Return the status that it had at a time."""
        return next((status for until, status in self._past if until > time), self.status)

    def rename(self, title: str, *, author: str | None = None, at: datetime | None = None) -> None:
        """Give it another title, which makes a new version."""
        self._revise(title=title, author=author, at=at)

    def move(self, parent: Node | FakeSpace | None) -> None:
        """
        Put it, with all below it, under another parent, or at the top of a space (None: its own). No new version.

        Confluence refuses to put a page below itself; here it is possible, for tests of clients.
        """
        self.parent = parent if isinstance(parent, Node) else None
        self.position = self.ledger.next_position()
        if parent is not None:
            self._enter(parent.space if isinstance(parent, Node) else parent)

    def archive(self, *, lift_children: bool = False) -> None:
        """Archive it. Its children stay below it, unless they are lifted to its parent."""
        self._leave("archived", lift_children=lift_children)

    def trash(self, *, lift_children: bool = True) -> None:
        """Move it to the trash. Its children go to its parent, as in Confluence, unless told otherwise."""
        self._leave("trashed", lift_children=lift_children)

    def restore(self) -> None:
        """Bring it back from the trash or the archive: same place, same version."""
        self._become("current")

    def purge(self) -> None:
        """Delete it for good; children left below it become orphans of a parent that answers 404."""
        self.ledger.remove(self)

    def restrict(self) -> None:
        """Hide it and all below it from the syncing user."""
        self.restricted = True

    def unrestrict(self) -> None:
        """Show it again."""
        self.restricted = False

    def _leave(self, status: str, *, lift_children: bool) -> None:
        self._become(status)
        if lift_children:
            for child in self.ledger.children(self):
                child.parent = self.parent

    def _become(self, status: str) -> None:
        self._past.append((self.ledger.now(), self.status))
        self.status = status

    def _enter(self, space: FakeSpace) -> None:
        if space is not self.space:
            self.space = space
            for child in self.ledger.children(self):
                child._enter(space)  # noqa: SLF001 - the same class

    def _revise(
        self,
        *,
        title: str | None = None,
        storage: str | None = None,
        author: str | None = None,
        at: datetime | None = None,
        message: str = "",
    ) -> None:
        last = self.revisions[-1]
        self.revisions.append(
            Revision(
                number=last.number + 1,
                at=at or self.ledger.now(),
                author_id=author or last.author_id,
                title=last.title if title is None else title,
                storage=last.storage if storage is None else storage,
                message=message,
            )
        )


@attrs.define(eq=False, kw_only=True)
class FakeContainer(Node):
    """A folder, whiteboard, database or smart link: a place in the tree without a body."""

    embed_url: str | None = None


@attrs.define(eq=False, kw_only=True)
class FakePage(Node):
    """
    A page or, once converted, a blog post.

    Attributes:
        labels: Names of global labels; change the list at will, it makes no version.
        subtype: `live` for a live doc.
    """

    labels: list[str] = attrs.field(factory=list)
    attachments: dict[str, Attachment] = attrs.field(factory=dict, repr=False)
    subtype: str | None = None

    @property
    def storage(self) -> str:
        """The current body in storage format."""
        return self.revisions[-1].storage

    def edit(self, storage: str, *, author: str | None = None, at: datetime | None = None, message: str = "") -> None:
        """Replace the body, which makes a new version."""
        self._revise(storage=storage, author=author, at=at, message=message)

    def convert_to_blog_post(self) -> None:
        """Turn it into a blog post: same id, new version, no place in the tree. Its children go to its parent."""
        for child in self.ledger.children(self):
            child.parent = self.parent
        self.type, self.parent = "blogpost", None
        self._revise()

    def attach(self, filename: str, data: bytes, *, media_type: str | None = None) -> Attachment:
        """Put a file on the page, or a new version of it. The page's own version stays."""
        now, earlier = self.ledger.now(), self.attachments.get(filename)
        attachment = Attachment(
            number=earlier.number if earlier else self.ledger.next_number(),
            filename=filename,
            data=data,
            media_type=media_type or mimetypes.guess_type(filename)[0] or "application/octet-stream",
            created_at=earlier.created_at if earlier else now,
            updated_at=now,
            version=earlier.version + 1 if earlier else 1,
            author_id=self.author_id,
        )
        self.attachments[filename] = attachment
        return attachment


@attrs.define(eq=False, kw_only=True)
class FakeSpace:
    """
    A space; make content in it with `page`, `folder`, `blog_post` and the others.

    Attributes:
        number: What the id counts; ids are sorted by it, not as text.
        status: `current` or `archived`.
        restricted: Not visible to the syncing user.
    """

    ledger: Ledger = attrs.field(repr=False)
    number: int
    key: str
    name: str
    type: str
    status: str
    created_at: datetime
    restricted: bool = False
    _homepage: FakePage | None = attrs.field(default=None, init=False, repr=False)

    @property
    def id(self) -> SpaceId:
        """The id as the API spells it, decimal digits."""
        return SpaceId(str(self.number))

    @property
    def homepage(self) -> FakePage:
        """
        The page at the head of the space; any page of the space can be made it.

        Raises:
            LookupError: The space was made without.
        """
        if self._homepage is None:
            raise LookupError(f"the space {self.key} has no homepage")
        return self._homepage

    @homepage.setter
    def homepage(self, page: FakePage) -> None:
        self._homepage = page

    @property
    def homepage_id(self) -> PageId | None:
        """Id of the homepage, None if the space was made without."""
        return None if self._homepage is None else self._homepage.id

    def page(
        self,
        title: str,
        *,
        parent: Node | None = None,
        storage: str = "",
        labels: Iterable[str] = (),
        author: str | None = None,
        at: datetime | None = None,
        subtype: str | None = None,
        id: str | int | None = None,  # noqa: A002 - the field's name in the API
    ) -> FakePage:
        """
        Make a page; titles need not be unique, unlike in Confluence.

        Args:
            title: Any text.
            parent: Page or container above it; None puts it at the top of the space.
            storage: Body in storage format.
            labels: Names of global labels.
            author: Account id; by default the syncing user.
            at: Creation time; by default the site's clock.
            subtype: `live` for a live doc.
            id: Content id, decimal digits or their number; by default the next free one.
        """
        page = FakePage(
            ledger=self.ledger,
            number=self.ledger.next_number() if id is None else int(id),
            type="page",
            space=self,
            parent=parent,
            labels=list(labels),
            subtype=subtype,
            revisions=[self._first_revision(title, storage, author, at)],
        )
        return self.ledger.add(page)

    def blog_post(
        self,
        title: str,
        *,
        storage: str = "",
        labels: Iterable[str] = (),
        author: str | None = None,
        at: datetime | None = None,
    ) -> FakePage:
        """Make a blog post."""
        post = self.page(title, storage=storage, labels=labels, author=author, at=at)
        post.type = "blogpost"
        return post

    def folder(self, title: str, *, parent: Node | None = None, at: datetime | None = None) -> FakeContainer:
        """Make a folder."""
        return self._container("folder", title, parent, at)

    def whiteboard(self, title: str, *, parent: Node | None = None, at: datetime | None = None) -> FakeContainer:
        """Make a whiteboard."""
        return self._container("whiteboard", title, parent, at)

    def database(self, title: str, *, parent: Node | None = None, at: datetime | None = None) -> FakeContainer:
        """Make a database."""
        return self._container("database", title, parent, at)

    def smart_link(
        self, title: str, *, parent: Node | None = None, url: str | None = None, at: datetime | None = None
    ) -> FakeContainer:
        """Make a smart link in the tree (`/embeds` in the API)."""
        link = self._container("embed", title, parent, at)
        link.embed_url = url
        return link

    def rename(self, name: str) -> None:
        """Give the space another name; the id and key stay."""
        self.name = name

    def archive(self) -> None:
        """Archive the space: still readable, left out of searches."""
        self.status = "archived"

    def restore(self) -> None:
        """Bring an archived space back."""
        self.status = "current"

    def restrict(self) -> None:
        """Take the permission to view the space away from the syncing user."""
        self.restricted = True

    def unrestrict(self) -> None:
        """Give the permission back."""
        self.restricted = False

    def delete(self) -> None:
        """Delete the space and all that is in it."""
        self.ledger.remove_space(self)

    def _container(
        self,
        type: str,  # noqa: A002 - the field's name in the API
        title: str,
        parent: Node | None,
        at: datetime | None,
    ) -> FakeContainer:
        container = FakeContainer(
            ledger=self.ledger,
            number=self.ledger.next_number(),
            type=type,
            space=self,
            parent=parent,
            revisions=[self._first_revision(title, "", None, at)],
        )
        return self.ledger.add(container)

    def _first_revision(self, title: str, storage: str, author: str | None, at: datetime | None) -> Revision:
        return Revision(
            number=1,
            at=at or self.ledger.now(),
            author_id=author or self.ledger.default_author(),
            title=title,
            storage=storage,
        )
