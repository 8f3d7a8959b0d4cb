"""Several spaces planned as one."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from confluence_sync.models import Page, PageLink, Reason, Space, SpaceMapping, TreeSnapshot
from confluence_sync.paths import collision_key
from confluence_sync.planner import Claim, Manifest, ManifestEntry, MappedSpace, plan_spaces, source_fingerprint

KEYS = ("1", "2", "3")


def space(number, name):
    return Space(id=number, key=f"S{number}", name=name)


def page(number, home, title, parent=None, version=1):
    return Page(id=str(number), space_id=home, title=title, parent_id=parent, version=version)


class Folders:
    """The files and manifests of several spaces, changed as the engine changes them; fails where a disk would."""

    def __init__(self):
        self.files = {}
        self.entries = {number: {} for number in KEYS}
        self.claims = {number: {} for number in KEYS}

    def plan(self, *snapshots, listed=KEYS, **mapping):
        spaces = [
            MappedSpace(
                mapping=SpaceMapping(space_id=tree.space.id, max_delete_files=1_000, **mapping),
                snapshot=tree,
                manifest=Manifest(dict(self.entries[tree.space.id]), dict(self.claims[tree.space.id])),
                listed=tree.space.id in listed,
            )
            for tree in snapshots
        ]
        return plan_spaces(spaces, files=self.files)

    def sync(self, *snapshots, cut=None, **options):
        """Plan and apply; return the lines of all actions. A cut breaks the run off after so many effects."""
        joint = self.plan(*snapshots, **options)
        self.claim(joint)
        moves = [(move.space_id, move) for group in joint.moves for move in group.moves]
        writes = [(number, action) for number, plan in joint.plans.items() for action in plan.writes]
        deletes = [(number, action) for number, plan in joint.plans.items() for action in plan.deletes]
        actions = [*moves, *writes, *deletes]
        for number, action in actions[:cut]:
            self.apply(number, action, joint)
        return [str(action) for _, action in actions]

    def claim(self, joint):
        for number, plan in joint.plans.items():
            for claim in plan.closes:
                del self.claims[number][claim.path]
        for former, heir, claim in joint.handed_over:
            self.claims[heir][claim.path] = self.claims[former].pop(claim.path)
        for number, plan in joint.plans.items():
            targets = [(move.target, move.page_id) for move in plan.moves]
            targets += [(write.path, write.page_id) for write in plan.writes]
            self.claims[number] |= {path: Claim(path, page_id) for path, page_id in targets}

    def apply(self, number, action, joint):
        match type(action).__name__:
            case "MovePage":
                self.move(action)
            case "WritePage":
                self.write(number, action, joint)
            case _:
                self.files.pop(action.path, None)
                self.claims[number].pop(action.path, None)
                if self.records(number, action.page_id, action.path):
                    del self.entries[number][action.page_id]

    def move(self, move):
        owner = move.from_space or move.space_id
        recorded = self.records(owner, move.page_id, move.source)
        content = self.files.pop(move.source, None)
        if content is not None:
            self.put(move.target, content, overwrite=False)
        if recorded:
            entry = self.entries[owner].pop(move.page_id)
            self.claims[move.space_id].pop(move.target, None)
            if content is not None:
                self.entries[move.space_id][move.page_id] = attrs.evolve(entry, path=move.target)

    def write(self, number, write, joint):
        tree = joint.plans[number].layout.snapshot
        page = tree.pages[write.page_id]
        source = source_fingerprint(page, tree)
        link = joint.atlas.link_target(PageLink(page_id="11"), space_key=tree.space.key, source=write.path)
        if write.renews:
            assert self.files[write.path][1:] == (page.version, link), "what is renewed is right but for its head"
        self.put(write.path, (source, page.version, link), overwrite=True)
        self.claims[number].pop(write.path, None)
        before = self.entries[number].get(page.id)
        if before is not None and before.path not in joint.places and before.path in self.files:
            self.claims[number][before.path] = Claim(before.path, page.id)
        self.entries[number][page.id] = ManifestEntry(
            page_id=page.id, title=page.title, path=write.path, version=page.version, source=source, digest="",
            converter="", links=(link,),
        )  # fmt: skip

    def put(self, path, content, *, overwrite):
        key = collision_key(path)
        for other in self.files:
            taken = collision_key(other)
            assert not key.startswith(f"{taken}/"), f"{path} would lie below the file {other}"
            assert not taken.startswith(f"{key}/"), f"{path} is a folder: {other}"
            assert key != taken or (overwrite and path == other), f"{path} would overwrite {other}"
        self.files[path] = content

    def records(self, number, page_id, path):
        return page_id in self.entries[number] and self.entries[number][page_id].path == path


def trees(names, pages, complete=True):
    return [
        TreeSnapshot(
            space=space(number, name),
            pages={page.id: page for page in pages if page.space_id == number},
            complete=complete,
            base_url="https://site.atlassian.net/wiki",
        )
        for number, name in zip(KEYS, names, strict=False)
    ]


def test_names_change_hands():
    """Files of one space wait until those of the other have left, in one order of moves."""
    folders = Folders()
    pages = [page(11, "1", "A"), page(12, "2", "A")]
    folders.sync(*trees(["Left", "Right"], pages))
    assert folders.sync(*trees(["Right", "Left"], pages)) == [
        "move Left/A.md -> Right/_moving (11) parked.md",
        "move Right/A.md -> Left/A.md",
        "move Right/_moving (11) parked.md -> Right/A.md",
        "write Right/A.md (changed)",
        "write Left/A.md (changed)",
    ]


def test_a_page_moves_to_another_space():
    """Its file goes along and only its head changes; nothing is deleted."""
    folders = Folders()
    folders.sync(*trees(["One", "Two"], [page(11, "1", "A"), page(12, "1", "B", "11")]))
    moved = trees(["One", "Two"], [page(11, "2", "A"), page(12, "2", "B", "11")])
    plan = folders.plan(*moved).plans["2"]
    assert [(write.reason, write.renews, write.previous_path) for write in plan.writes] == [
        (Reason.MOVED, True, "One/A.md"),
        (Reason.MOVED, True, "One/A/B.md"),
    ]
    assert (plan.cost_to_apply().points, plan.unchanged) == (0, 0)
    assert folders.sync(*moved) == [
        "move One/A.md -> Two/A.md",
        "move One/A/B.md -> Two/A/B.md",
        "write Two/A.md (moved)",
        "write Two/A/B.md (moved)",
    ]


def test_a_space_that_is_not_listed_keeps_its_files():
    """To the others they are foreign, and its pages stay where they are."""
    folders = Folders()
    pages = [page(11, "1", "A"), page(12, "2", "A")]
    folders.sync(*trees(["Left", "Right"], pages))
    assert folders.sync(*trees(["Right", "Left"], pages), listed=["1"]) == [
        "move Left/A.md -> Right/A (11).md",
        "write Right/A (11).md (changed)",
    ]
    assert "Right/A.md" in folders.files


def test_independent_spaces_do_not_wait_for_each_other():
    """Moves are grouped by the spaces that they tie together."""
    folders = Folders()
    pages = [page(11, "1", "A"), page(12, "2", "A"), page(13, "3", "A")]
    folders.sync(*trees(["Left", "Right", "Other"], pages))
    groups = folders.plan(*trees(["Right", "Left", "Another"], pages)).moves
    assert [group.spaces for group in groups] == [{"1", "2"}, {"3"}]


titles = st.sampled_from(["A", "a", "B", "A.md", "_moving (11) parked"])
names = st.permutations(["Left", "left", "Right", "A.md"]).map(lambda names: names[:3])
homes = st.lists(st.tuples(st.sampled_from(["", *KEYS]), titles, st.integers(0, 2)), min_size=6, max_size=6)


def site(names, homes):
    """Six pages, each in a space or gone, some below the one before."""
    pages = []
    for number, (home, title, depth) in enumerate(homes, start=11):
        above = [page.id for page in pages if page.space_id == home]
        if home:
            pages.append(page(number, home, title, above[-1] if depth and above else None, version=1 + depth // 2))
    return trees(names, pages)


@given(stories=st.lists(st.tuples(names, homes), min_size=2, max_size=4), cuts=st.lists(st.none() | st.integers(0, 12)))
def test_every_plan_leads_to_the_folders_of_a_clean_first_run(stories, cuts):
    """Whatever moves where, and wherever runs were broken off, no file meets another and one more run is enough."""
    folders = Folders()
    for number, story in enumerate(stories):
        folders.sync(*site(*story), cut=cuts[number] if number < len(cuts) else None)
    last = site(*stories[-1])
    folders.sync(*last)
    clean = Folders()
    clean.sync(*last)
    assert folders.files == clean.files
    assert folders.entries == clean.entries
    assert folders.sync(*last) == []
    assert not any(folders.claims.values())
