"""The engine's memory: a typed view of one connection's part of a `StateStore`."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import TypeVar

from ..documents import dump, load
from ..models import (
    AccountId,
    ConnectionId,
    Container,
    ContentId,
    Page,
    PageBody,
    PageId,
    RunId,
    SpaceId,
    TreeSnapshot,
    User,
)
from ..planner import Claim, Manifest, ManifestEntry
from ..protocols import Change, Clear, Put, Remove, StateStore
from ._records import AppliedPlan, ChangedPage, HeldDeletions, PageDigests, RunRecord, RunState, SpaceRecord

__all__ = ["Memory"]

T = TypeVar("T")


class Memory:
    """
    Reads documents, and makes the changes that `apply` takes.

    Collections, each of one connection: `spaces`, `runs`, `paused`, `held`, `applied`, `users`, `wanted-users`;
    each of one space: `manifest`, `claims`, `digests`, `spool`, `wanted-pages`, and `pages` and `containers` of one
    generation of its tree.
    """

    def __init__(self, store: StateStore, connection_id: ConnectionId) -> None:
        self.store = store
        self.connection_id = connection_id

    async def apply(self, *changes: Change) -> None:
        """Make changes together or not at all."""
        if changes:
            await self.store.apply(changes)

    # -- spaces and their trees

    async def space(self, space_id: SpaceId) -> SpaceRecord | None:
        """Return what is known of a space."""
        data = await self.store.load(self._collection("spaces"), space_id)
        return None if data is None else load(SpaceRecord, data)

    def put_space(self, record: SpaceRecord) -> Change:
        """Remember what is known of a space."""
        return Put(self._collection("spaces"), record.space.id, dump(record))

    async def spaces(self) -> list[SpaceRecord]:
        """Return what is known of all spaces, mapped now or once."""
        return [load(SpaceRecord, data) async for _, data in self.store.scan(self._collection("spaces"))]

    def remove_space(self, record: SpaceRecord) -> Change:
        """Forget a space."""
        return Remove(self._collection("spaces"), record.space.id)

    async def tree(self, record: SpaceRecord) -> TreeSnapshot:
        """Return the tree of a space as it was listed last."""
        pages = self._tree("pages", record.space.id, record.generation)
        return TreeSnapshot(
            space=record.space,
            pages={PageId(key): load(Page, data) async for key, data in self.store.scan(pages)},
            containers=await self.containers(record),
            complete=record.complete,
            base_url=record.base_url,
        )

    async def pages(self, record: SpaceRecord, page_ids: Sequence[PageId]) -> dict[PageId, Page]:
        """Return those of some pages that are in the tree."""
        pages: dict[PageId, Page] = {}
        for part in _parts(page_ids):
            found = await self.store.load_many(self._tree("pages", record.space.id, record.generation), part)
            pages.update((PageId(key), load(Page, data)) for key, data in found.items())
        return pages

    async def containers(self, record: SpaceRecord) -> dict[ContentId, Container]:
        """Return the parents in the tree that are no pages of it."""
        collection = self._tree("containers", record.space.id, record.generation)
        return {ContentId(key): load(Container, data) async for key, data in self.store.scan(collection)}

    def put_page(self, page: Page, generation: int) -> Change:
        """Remember a listed page."""
        return Put(self._tree("pages", page.space_id, generation), page.id, dump(page))

    def remove_page(self, space_id: SpaceId, page_id: PageId, generation: int) -> Change:
        """Forget a listed page."""
        return Remove(self._tree("pages", space_id, generation), page_id)

    def put_container(self, container: Container, space_id: SpaceId, generation: int) -> Change:
        """Remember a parent that is no page of the listing."""
        return Put(self._tree("containers", space_id, generation), container.id, dump(container))

    def clear_tree(self, space_id: SpaceId, generation: int) -> Sequence[Change]:
        """Forget a tree."""
        return [Clear(self._tree(kind, space_id, generation)) for kind in ("pages", "containers")]

    def clear_listing(self, record: SpaceRecord) -> list[Change]:
        """Forget all that listings of a space left: its tree, that of a walk under way, bodies, pages to look at."""
        space_id, generations = record.space.id, {record.generation, record.generation + 1}
        trees = [change for generation in sorted(generations) for change in self.clear_tree(space_id, generation)]
        return [*trees, self.clear_spool(space_id), self.clear_wanted_pages(space_id)]

    # -- pages that changed and of which not everything is known

    async def wanted_pages(self, space_id: SpaceId) -> list[ChangedPage]:
        """Return the pages of a space that later runs have to look at, whatever else changed."""
        wanted = self.store.scan(self._collection("wanted-pages", space_id))
        return [load(ChangedPage, data) async for _, data in wanted]

    def want_page(self, page: ChangedPage) -> Change:
        """Note a page to be looked at by later runs."""
        return Put(self._collection("wanted-pages", page.space_id), page.page_id, dump(page))

    def forget_wanted_page(self, page: ChangedPage) -> Change:
        """Forget the note of one page."""
        return Remove(self._collection("wanted-pages", page.space_id), page.page_id)

    def clear_wanted_pages(self, space_id: SpaceId) -> Change:
        """Forget the notes of a space."""
        return Clear(self._collection("wanted-pages", space_id))

    # -- bodies on their way from the walk to the files

    def put_body(self, body: PageBody) -> Change:
        """Spool a body, compressed."""
        data = zlib.compress(dump(body), level=1)
        return Put(self._collection("spool", body.page.space_id), body.page.id, data)

    async def bodies(self, space_id: SpaceId, page_ids: Sequence[PageId]) -> dict[PageId, PageBody]:
        """Return those of some bodies that are spooled."""
        found = await self.store.load_many(self._collection("spool", space_id), page_ids)
        bodies = (load(PageBody, zlib.decompress(data)) for data in found.values())
        return {body.page.id: body for body in bodies}

    def remove_body(self, space_id: SpaceId, page_id: PageId) -> Change:
        """Forget one spooled body."""
        return Remove(self._collection("spool", space_id), page_id)

    def clear_spool(self, space_id: SpaceId) -> Change:
        """Forget all spooled bodies of a space."""
        return Clear(self._collection("spool", space_id))

    # -- what was written

    async def manifest(self, space_id: SpaceId) -> Manifest:
        """Return the record of the files of a space."""
        entries = self.store.scan(self._collection("manifest", space_id))
        claims = self.store.scan(self._collection("claims", space_id))
        return Manifest(
            entries={PageId(key): load(ManifestEntry, data) async for key, data in entries},
            claims={claim.path: claim async for claim in (load(Claim, data) async for _, data in claims)},
        )

    async def entries(self, space_id: SpaceId, page_ids: Sequence[PageId]) -> dict[PageId, ManifestEntry]:
        """Return those of at most 1,000 files that are recorded."""
        found = await self.store.load_many(self._collection("manifest", space_id), page_ids)
        return {PageId(key): load(ManifestEntry, data) for key, data in found.items()}

    async def is_new(self, space_id: SpaceId) -> bool:
        """Whether no file of a space was ever written, and no body is spooled to be."""
        for kind in ("manifest", "spool"):
            async for _ in self.store.scan(self._collection(kind, space_id)):
                return False
        return True

    def put_entry(self, space_id: SpaceId, entry: ManifestEntry) -> Change:
        """Record a file."""
        return Put(self._collection("manifest", space_id), entry.page_id, dump(entry))

    def remove_entry(self, space_id: SpaceId, page_id: PageId) -> Change:
        """Forget a file."""
        return Remove(self._collection("manifest", space_id), page_id)

    def put_claim(self, space_id: SpaceId, claim: Claim) -> Change:
        """Take a path."""
        return Put(self._collection("claims", space_id), _digest(claim.path), dump(claim))

    def remove_claim(self, space_id: SpaceId, path: str) -> Change:
        """Give a path back."""
        return Remove(self._collection("claims", space_id), _digest(path))

    async def in_order(self, space_ids: Iterable[SpaceId]) -> bool:
        """Whether it is known of every file of some spaces what it is."""
        for space_id in space_ids:
            async for _ in self.store.scan(self._collection("claims", space_id)):
                return False
        return True

    async def digests(self, space_id: SpaceId) -> set[str]:
        """Return the digests of all files that were written, or about to be, since things were last in order."""
        notes = self.store.scan(self._collection("digests", space_id))
        return {digest async for _, data in notes for digest in load(PageDigests, data).digests}

    async def digests_of(self, space_id: SpaceId, page_ids: Sequence[PageId]) -> dict[PageId, PageDigests]:
        """Return those of the files of at most 1,000 pages."""
        found = await self.store.load_many(self._collection("digests", space_id), page_ids)
        return {PageId(key): load(PageDigests, data) for key, data in found.items()}

    def put_digests(self, space_id: SpaceId, digests: PageDigests) -> Change:
        """Note the digests of a page's files."""
        return Put(self._collection("digests", space_id), digests.page_id, dump(digests))

    def clear_digests(self, space_id: SpaceId) -> Change:
        """Forget all digests but those of the manifest."""
        return Clear(self._collection("digests", space_id))

    def clear_manifest(self, space_id: SpaceId) -> list[Change]:
        """Forget which files are those of a space."""
        kinds = ("manifest", "claims", "digests")
        return [Clear(self._collection(kind, space_id)) for kind in kinds]

    # -- deletions that wait for the host

    async def held(self) -> dict[SpaceId, HeldDeletions]:
        """Return the deletions that were held back, by space, and are not made yet."""
        return {
            SpaceId(key): load(HeldDeletions, data) async for key, data in self.store.scan(self._collection("held"))
        }

    def put_held(self, held: HeldDeletions) -> Change:
        """Remember what was held back in a space."""
        return Put(self._collection("held"), held.space_id, dump(held))

    def remove_held(self, space_id: SpaceId) -> Change:
        """Forget what was held back in a space."""
        return Remove(self._collection("held"), space_id)

    # -- the plan that came true last

    async def applied_plan(self) -> AppliedPlan | None:
        """Return the note of a plan that came true, and of which nothing has changed since."""
        data = await self.store.load(self._collection("applied"), "plan")
        return None if data is None else load(AppliedPlan, data)

    def put_applied_plan(self, applied: AppliedPlan) -> Change:
        """Note that a plan came true."""
        return Put(self._collection("applied"), "plan", dump(applied))

    def forget_applied_plan(self) -> Change:
        """Forget the note, in the transaction in which a tree or a name changes."""
        return Clear(self._collection("applied"))

    # -- people

    async def users(self, account_ids: Sequence[AccountId]) -> dict[AccountId, User]:
        """Return those of some users that are known."""
        found: dict[AccountId, User] = {}
        for part in _parts(account_ids):
            users = await self.store.load_many(self._collection("users"), part)
            found.update((AccountId(key), load(User, data)) for key, data in users.items())
        return found

    async def all_users(self) -> list[User]:
        """Return all users that are known."""
        return [load(User, data) async for _, data in self.store.scan(self._collection("users"))]

    def put_users(self, users: Iterable[User]) -> Sequence[Change]:
        """Remember users."""
        return [Put(self._collection("users"), user.account_id, dump(user)) for user in users]

    async def wanted_users(self) -> list[AccountId]:
        """Return the users that pages met on a walk speak of."""
        return [AccountId(key) async for key, _ in self.store.scan(self._collection("wanted-users"))]

    def want_users(self, account_ids: Iterable[AccountId]) -> Sequence[Change]:
        """Note users to be looked up later, all at once."""
        return [Put(self._collection("wanted-users"), account_id, b"{}") for account_id in account_ids]

    def clear_wanted_users(self) -> Change:
        """Forget the note."""
        return Clear(self._collection("wanted-users"))

    # -- runs

    async def runs(self) -> list[RunRecord]:
        """Return all runs, the last first."""
        records = [load(RunRecord, data) async for _, data in self.store.scan(self._collection("runs"))]
        return sorted(records, key=lambda record: record.started_at, reverse=True)

    async def run(self, run_id: RunId) -> RunRecord | None:
        """Return one run."""
        data = await self.store.load(self._collection("runs"), run_id)
        return None if data is None else load(RunRecord, data)

    def put_run(self, record: RunRecord) -> Change:
        """Remember a run."""
        return Put(self._collection("runs"), record.run_id, dump(record))

    def remove_run(self, run_id: RunId) -> Change:
        """Forget a run."""
        return Remove(self._collection("runs"), run_id)

    async def paused(self) -> RunState | None:
        """Return where the last run stood if it was paused."""
        data = await self.store.load(self._collection("paused"), "run")
        return None if data is None else load(RunState, data)

    def put_paused(self, state: RunState) -> Change:
        """Remember where a paused run stood."""
        return Put(self._collection("paused"), "run", dump(state))

    def clear_paused(self) -> Change:
        """Forget about paused runs."""
        return Clear(self._collection("paused"))

    def clear(self) -> list[Change]:
        """Forget what is no space's own."""
        kinds = ("spaces", "runs", "paused", "held", "applied", "users", "wanted-users")
        return [Clear(self._collection(kind)) for kind in kinds]

    @property
    def lease(self) -> str:
        """Name of the lease that a run of the connection holds."""
        return self._collection("run")

    def _collection(self, kind: str, *parts: str) -> str:
        return "/".join((kind, self.connection_id, *parts))

    def _tree(self, kind: str, space_id: SpaceId, generation: int) -> str:
        return self._collection(kind, space_id, str(generation))


def _parts(keys: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield keys in portions that `StateStore.load_many` takes."""
    for start in range(0, len(keys), 1000):
        yield keys[start : start + 1000]


def _digest(path: str) -> str:
    return sha256(path.encode()).hexdigest()
