"""Plans, as a person reads them."""

import attrs
import pytest
from hypothesis import given

from confluence_sync.errors import ConfigurationError, UnsafePlanError
from confluence_sync.models import DeletionPolicy, PageLink, Space, SpaceMapping
from confluence_sync.planner import (
    Claim,
    Estimate,
    Manifest,
    MappedSpace,
    plan_layout,
    plan_spaces,
    plan_sync,
    source_fingerprint,
)
from confluence_sync.testing.strategies import histories, snapshots


def claims(**owners):
    return {f"Docs/{name}.md": Claim(f"Docs/{name}.md", page_id) for name, page_id in owners.items()}


@pytest.fixture
def folder(make):
    return make.folder()


def lines(actions):
    return [str(action) for action in actions]


# -- what is written


def test_first_run_writes_everything(make, folder):
    """A page is written once, in order of id."""
    snapshot = make.snapshot(make.page(10, "B", 9), make.page(9, "A"))
    assert folder.sync(snapshot) == ["write Docs/A.md (new)", "write Docs/A/B.md (new)"]
    assert folder.sync(snapshot) == []
    assert folder.plan(snapshot).unchanged == 2


def test_edit(make, folder):
    """An edited page is written again."""
    folder.sync(make.snapshot(make.page(1, "A", version=4)))
    assert folder.sync(make.snapshot(make.page(1, "A", version=7))) == ["write Docs/A.md (changed 4 -> 7)"]


@pytest.mark.parametrize(
    "change",
    [
        {"web_path": "/spaces/DOCS/pages/1/A"},
        {"author_id": "someone"},
        {"title": "A!"},
    ],
)
def test_front_matter_change(make, folder, change):
    """What stands in the front matter is as good as an edit, though the version is the same."""
    page = make.page(1, "A")
    folder.sync(make.snapshot(page))
    [*_, last] = folder.sync(make.snapshot(attrs.evolve(page, **change)))
    assert last.endswith("(changed)")


@pytest.mark.parametrize("change", [{"key": "NEW"}, {"name": "New"}])
def test_space_change(make, folder, change):
    """The key and name of the space stand in every file."""
    folder.sync(make.snapshot(make.page(1, "A")))
    space = attrs.evolve(make.space, **change)
    [*_, last] = folder.sync(make.snapshot(make.page(1, "A"), space=space))
    assert last.endswith("A.md (changed)")


def test_source_fingerprint_survives_hostile_titles(make):
    """A lone surrogate is no obstacle, and titles that look alike differ."""
    snapshot = make.snapshot()
    prints = {source_fingerprint(make.page(1, title), snapshot) for title in ("\ud800", "?", "é", "e\u0301")}
    assert len(prints) == 4


def test_converter_changed(make, folder):
    """Another converter writes every file again."""
    snapshot = make.snapshot(make.page(1, "A"))
    folder.sync(snapshot, converter="one")
    assert folder.sync(snapshot, converter="two") == ["write Docs/A.md (converter changed)"]


def test_file_missing(make, folder):
    """A file that somebody deleted is written again, be it here or where it moves to."""
    folder.sync(make.snapshot(make.page(1, "A"), make.page(2, "B")))
    folder.files.clear()
    parent = make.container(3, "Sub")
    assert folder.sync(make.snapshot(make.page(1, "A"), make.page(2, "B", 3), parent)) == [
        "write Docs/A.md (file missing)",
        "write Docs/Sub/B.md (file missing)",
    ]


def test_rebuild(make, folder):
    """A rebuild writes what needs no writing, too."""
    snapshot = make.snapshot(make.page(1, "A"))
    folder.sync(snapshot)
    assert folder.sync(snapshot, rebuild=True) == ["write Docs/A.md (rebuild)"]


# -- what is moved


def test_move(make, folder):
    """A page with another parent is moved, with all that lies below it, and not written."""
    a, b, c = make.page(1, "A"), make.page(2, "B"), make.page(3, "C", 2)
    folder.sync(make.snapshot(a, b, c))
    assert folder.sync(make.snapshot(a, attrs.evolve(b, parent_id="1"), c)) == [
        "move Docs/B.md -> Docs/A/B.md",
        "move Docs/B/C.md -> Docs/A/B/C.md",
    ]


def test_rename(make, folder):
    """A renamed page is moved and written; the event can tell where it was."""
    folder.sync(make.snapshot(make.page(1, "A")))
    plan = folder.plan(make.snapshot(make.page(1, "a", version=2)))
    assert lines(plan.actions) == ["move Docs/A.md -> Docs/a.md", "write Docs/a.md (changed 1 -> 2)"]
    assert plan.writes[0].previous_path == "Docs/A.md"


def test_space_renamed(make, folder):
    """All files move to the space's new folder."""
    folder.sync(make.snapshot(make.page(1, "A"), make.page(2, "B", 1)))
    renamed = make.snapshot(make.page(1, "A"), make.page(2, "B", 1), space=attrs.evolve(make.space, name="Wiki"))
    folder.sync(renamed)
    assert sorted(folder.files) == ["Wiki/A.md", "Wiki/A/B.md"]
    assert folder.sync(renamed) == []


def test_lower_id_takes_the_bare_name(make, folder):
    """The folder does not depend on who was first: a twin with a lower id moves the present holder aside."""
    folder.sync(make.snapshot(make.page(5, "A")))
    assert folder.sync(make.snapshot(make.page(5, "A"), make.page(4, "a"))) == [
        "move Docs/A.md -> Docs/A (5).md",
        "write Docs/a.md (new)",
    ]


def test_foreign_file_appears(make, folder):
    """A page steps aside for a file that somebody put in place of a missing one."""
    folder.sync(make.snapshot(make.page(1, "A")))
    del folder.files["Docs/A.md"]
    folder.foreign["Docs/a.md"] = b"mine"
    assert folder.sync(make.snapshot(make.page(1, "A"))) == ["write Docs/A (1).md (file missing)"]


def test_folder_of_a_gone_page_becomes_a_file(make, folder):
    """Files leave the folder `Foo.md` before a page takes that name, wherever they go."""
    folder.sync(make.snapshot(make.page(1, "Foo.md"), make.page(2, "Foo"), make.page(3, "Child", 1)))
    assert folder.sync(
        make.snapshot(make.page(1, "Bar", version=2), make.page(2, "Foo"), make.page(3, "Child", 1))
    ) == [
        "move Docs/Foo.md.md -> Docs/Bar.md",
        "move Docs/Foo.md/Child.md -> Docs/Bar/Child.md",
        "move Docs/Foo (2).md -> Docs/Foo.md",
        "write Docs/Bar.md (changed 1 -> 2)",
    ]


# -- links


@pytest.fixture
def linking(make):
    """A folder in which page 1 links to page 2 by id and to "C" by title."""
    return make.folder({"1": (PageLink(page_id="2"), PageLink(title="C"))})


def test_link_target_moves(make, linking):
    """The files that link to a moved page are written again."""
    a, b = make.page(1, "A"), make.page(2, "B")
    linking.sync(make.snapshot(a, b))
    assert linking.sync(make.snapshot(a, attrs.evolve(b, parent_id="1"))) == [
        "move Docs/B.md -> Docs/A/B.md",
        "write Docs/A.md (link target moved)",
    ]


def test_link_target_appears_and_disappears(make, linking):
    """A link becomes relative when its page is synced, and absolute when the page is gone."""
    a, c = make.page(1, "A"), make.page(3, "C")
    linking.sync(make.snapshot(a))
    assert "write Docs/A.md (link target moved)" in linking.sync(make.snapshot(a, c))
    assert linking.sync(make.snapshot(a)) == ["write Docs/A.md (link target moved)", "delete Docs/C.md (gone)"]


def test_link_target_has_a_new_title_of_the_same_file_name(make, linking):
    """A link without a text of its own shows the title, so a new title counts even where the path stays."""
    a, b, c = make.page(1, "A"), make.page(2, "B:"), make.page(3, "C")
    linking.sync(make.snapshot(a, b, c))
    renamed = make.snapshot(a, attrs.evolve(b, title="B?", version=2), c)
    assert linking.sync(renamed) == ["write Docs/A.md (link target moved)", "write Docs/B-.md (changed 1 -> 2)"]


def test_list_of_children_changes(make):
    """A file that lists its page's children is written again when there is one more."""
    home, a = make.page(1, "Home"), make.page(2, "A", 1)
    folder = make.folder({}, child_lists={"1": (None,)})
    folder.sync(make.snapshot(home, a))
    assert folder.sync(make.snapshot(home, a)) == []
    assert folder.sync(make.snapshot(home, a, make.page(3, "B", 1))) == [
        "write Docs/Home.md (link target moved)",
        "write Docs/Home/B.md (new)",
    ]


def test_own_move_breaks_links(make, linking):
    """A file whose links start from another folder now is written where it has moved to."""
    a, b, c = make.page(1, "A"), make.page(2, "B"), make.page(3, "C")
    linking.sync(make.snapshot(a, b, c))
    moved = make.snapshot(attrs.evolve(a, parent_id="2"), b, c)
    assert linking.sync(moved) == ["move Docs/A.md -> Docs/B/A.md", "write Docs/B/A.md (link target moved)"]


def test_moved_together(make, linking):
    """Pages that move together keep their links, now and at the next run."""
    a, b, home = make.page(1, "A"), make.page(2, "B"), make.page(9, "Home")
    linking.sync(make.snapshot(home, a, b))
    moved = make.snapshot(home, attrs.evolve(a, parent_id="9"), attrs.evolve(b, parent_id="9"))
    assert linking.sync(moved) == ["move Docs/A.md -> Docs/Home/A.md", "move Docs/B.md -> Docs/Home/B.md"]
    assert linking.sync(moved) == []


def test_moved_but_not_written(make, linking):
    """Where a file was moved and its page then failed, the next plan still knows what stands in it."""
    a, b = make.page(1, "A", 2), make.page(2, "B")
    linking.sync(make.snapshot(a, b))
    moved = make.snapshot(attrs.evolve(a, parent_id=None), b)
    plan = linking.plan(moved)
    for move in plan.moves:
        linking.apply(move, plan.layout)
    assert linking.sync(moved) == ["write Docs/A.md (link target moved)"]


def test_links_between_spaces(make, linking):
    """A link may lead into another mapped space, and follows what moves there."""
    linking.links = {"1": (PageLink(page_id="200"),)}
    snapshot, space = make.snapshot(make.page(1, "A")), Space(id="2", key="OPS", name="Ops")
    other = make.snapshot(make.page(200, "B"), space=space)
    linking.sync(snapshot)
    spaces = [
        MappedSpace(mapping=make.mapping, snapshot=snapshot, manifest=linking.manifest),
        MappedSpace(mapping=SpaceMapping(space_id="2"), snapshot=other, listed=False),
    ]
    (plan,) = plan_spaces(spaces, files=linking.files).plans.values()
    assert lines(plan.actions) == ["write Docs/A.md (link target moved)"]


# -- what is deleted


def test_gone(make, folder):
    """The file of a page that a complete listing does not have is deleted, last."""
    folder.sync(make.snapshot(make.page(1, "A"), make.page(2, "B")))
    assert folder.sync(make.snapshot(make.page(2, "B"), make.page(3, "C"))) == [
        "write Docs/C.md (new)",
        "delete Docs/A.md (gone)",
    ]


def test_incomplete_listing_deletes_nothing(make, folder):
    """What an incomplete listing does not have may still exist."""
    folder.sync(make.snapshot(make.page(1, "A"), make.page(2, "B")))
    assert folder.sync(make.snapshot(make.page(2, "B"), complete=False)) == []
    assert sorted(folder.files) == ["Docs/A.md", "Docs/B.md"]


@given(history=histories(), half=snapshots(complete=False))
def test_no_incomplete_listing_deletes(make, history, half):
    """Whatever has happened before, broken runs included, an incomplete listing deletes nothing and loses no file."""
    folder = make.folder()
    for snapshot in history:
        plan = folder.plan(snapshot)
        folder.claim(plan)
        for action in plan.actions[: len(plan.actions) // 2]:
            folder.apply(action, plan.layout)
    plan = folder.plan(half)
    assert list(plan.deletes) == list(plan.held) == []
    absent = {content for content in folder.files.values() if content[0] not in half.pages}
    folder.sync(half)
    assert absent <= set(folder.files.values())


def test_keep(make, folder):
    """A mapping may keep the files of gone pages; only out of the way they go."""
    keep = attrs.evolve(make.mapping, deletions=DeletionPolicy.KEEP)
    folder.sync(make.snapshot(make.page(1, "A"), make.page(2, "B")))
    assert folder.sync(make.snapshot(make.page(2, "B")), keep) == []
    assert folder.sync(make.snapshot(make.page(2, "B"), make.page(3, "a")), keep) == [
        "move Docs/A.md -> Docs/A (1) old.md",
        "write Docs/a.md (new)",
    ]
    assert folder.sync(make.snapshot(make.page(2, "B"), make.page(3, "a")), keep) == []


def test_gone_file_in_the_way(make, folder):
    """A gone page's file steps aside for a page of its name, and is deleted where it is then."""
    folder.sync(make.snapshot(make.page(1, "A")))
    assert folder.sync(make.snapshot(make.page(2, "A"))) == [
        "move Docs/A.md -> Docs/A (1) old.md",
        "write Docs/A.md (new)",
        "delete Docs/A (1) old.md (gone)",
    ]


def test_gone_file_in_a_folder_in_the_way(make, folder):
    """It also steps aside if its folder is where a file has to be."""
    folder.sync(make.snapshot(make.container(1, "Foo.md"), make.page(2, "Child", 1)))
    assert folder.sync(make.snapshot(make.page(3, "Foo")))[0] == "move Docs/Foo.md/Child.md -> Docs/Child (2) old.md"
    assert list(folder.files) == ["Docs/Foo.md"]


def test_missing_file_of_a_gone_page(make, folder):
    """The file that a gone page has no more is not deleted from under the page that is there now."""
    folder.sync(make.snapshot(make.page(1, "A")))
    folder.files.clear()
    folder.sync(make.snapshot(make.page(2, "A")))
    assert list(folder.files) == ["Docs/A.md"]
    assert list(folder.entries) == ["2"]


def test_stepping_aside_overwrites_nobody(make, folder):
    """The name that a file steps aside to is valid and free, however long or taken."""
    name = "Ж" * 126
    folder.sync(make.snapshot(make.page(1, name)))
    folder.foreign[f"Docs/{name[:120]} (1) old.md"] = b"mine"
    folder.foreign[f"Docs/{name[:121]} (1) old.md"] = b"mine"
    keep = attrs.evolve(make.mapping, deletions=DeletionPolicy.KEEP)
    folder.sync(make.snapshot(make.page(2, name)), keep)
    assert len(folder.files) == 2


@pytest.mark.parametrize(
    ("pages", "gone", "held"),
    [(11, 10, 0), (11, 11, 11), (55, 11, 0), (54, 11, 11), (100, 20, 0), (100, 21, 21), (5, 5, 0)],
)
def test_deletion_guard(make, folder, pages, gone, held):
    """More than 10 files and more than 20 % of them are held, and nothing is done about them."""
    nodes = [make.page(number, f"P{number}") for number in range(pages)]
    folder.sync(make.snapshot(*nodes))
    plan = folder.plan(make.snapshot(*nodes[gone:]), SpaceMapping(space_id="1"))
    assert (len(plan.held), len(plan.deletes)) == (held, gone - held)


def test_held_deletions_raise_when_asked(make, folder):
    """A host that wants no plan with held deletions gets an error with the figures."""
    folder.sync(make.snapshot(*(make.page(number, f"P{number}") for number in range(30))))
    plan = folder.plan(make.snapshot(make.page(99, "New")), SpaceMapping(space_id="1"))
    with pytest.raises(UnsafePlanError, match="30 of 30 files") as caught:
        plan.raise_if_held()
    assert (caught.value.deletions, caught.value.managed) == (30, 30)
    assert lines(plan.actions) == ["write Docs/New.md (new)"]


def test_nothing_held(make, folder):
    """A plan within the limits raises nothing."""
    folder.plan(make.snapshot(make.page(1, "A"))).raise_if_held()


# -- broken runs


def test_claims_write_instead_of_moving(make, folder):
    """While claims are open, a page goes to its new place by being written, and the old file is deleted."""
    folder.sync(make.snapshot(make.page(1, "A"), make.page(2, "B")))
    folder.claims = claims(C="1")
    assert folder.sync(make.snapshot(make.page(1, "C"), make.page(2, "B"))) == [
        "write Docs/C.md (changed)",
        "delete Docs/A.md (interrupted)",
    ]


def test_claimed_place_is_written(make, folder):
    """Nobody knows what lies at a claimed path, so the page there is written, others are not."""
    folder.sync(make.snapshot(make.page(1, "A"), make.page(2, "B")))
    folder.claims = claims(a="9")
    snapshot = make.snapshot(make.page(1, "A"), make.page(2, "B"))
    assert lines(folder.plan(snapshot).writes) == ["write Docs/A.md (interrupted)"]


def test_claims_of_pages_that_are_gone(make, folder):
    """What a broken run may have written for a page that is gone by now is treated as that page's file."""
    folder.claims = claims(X="7")
    assert lines(folder.plan(make.snapshot()).actions) == ["delete Docs/X.md (gone)"]
    assert lines(folder.plan(make.snapshot(complete=False)).actions) == []
    keep = attrs.evolve(make.mapping, deletions=DeletionPolicy.KEEP)
    assert lines(folder.plan(make.snapshot(), keep).actions) == []


def test_a_claim_where_there_is_nothing(make, folder):
    """It means nothing, whatever the listing and the policy: nothing is deleted for it, and it is closed."""
    folder.claims = claims(X="7", A="1")
    keep = attrs.evolve(make.mapping, deletions=DeletionPolicy.KEEP)
    for mapping, complete in [(make.mapping, True), (make.mapping, False), (keep, True)]:
        snapshot = make.snapshot(make.page(1, "B"), complete=complete)
        plan = plan_sync(snapshot, folder.manifest, mapping, missing=set(folder.claims))
        assert lines(plan.actions) == ["write Docs/B.md (new)"]
        assert {claim.path for claim in plan.closes} == {"Docs/X.md", "Docs/A.md"}


def test_a_claimed_file_of_a_gone_page_that_is_kept(make, folder):
    """A mapping that keeps what gone pages leave behind keeps this, too, and no longer calls it its own."""
    folder.claims = claims(X="7", Y="1")
    keep = attrs.evolve(make.mapping, deletions=DeletionPolicy.KEEP)
    plan = plan_sync(make.snapshot(make.page(1, "A")), folder.manifest, keep)
    assert [claim.path for claim in plan.closes] == ["Docs/X.md"]
    assert lines(plan.deletes) == ["delete Docs/Y.md (interrupted)"]


def test_a_claim_concerns_its_own_place_only(make, folder):
    """One page that nobody is sure about does not make writes of the others' moves."""
    folder.sync(make.snapshot(make.page(1, "A"), make.page(2, "B"), make.page(3, "C")))
    folder.claims = claims(B="2")
    moved = make.snapshot(make.page(1, "A", 3), make.page(2, "B", 3), make.page(3, "C"))
    assert folder.sync(moved) == [
        "move Docs/A.md -> Docs/C/A.md",
        "write Docs/C/B.md (interrupted)",
        "delete Docs/B.md (interrupted)",
    ]


def test_gone_file_at_a_claimed_place(make, folder):
    """With open claims, too, a page that takes over a gone one's path is not deleted in its stead."""
    folder.sync(make.snapshot(make.page(1, "A")))
    folder.claims = claims(Other="5")
    folder.sync(make.snapshot(make.page(2, "A")))
    assert list(folder.files) == ["Docs/A.md"]


def test_two_entries_at_one_path(make, folder):
    """Where two entries name one file, nobody knows whose it is: both are written, none is moved."""
    folder.sync(make.snapshot(make.page(1, "A"), make.page(2, "B")))
    folder.entries["1"] = attrs.evolve(folder.entries["1"], path="Docs/B.md")
    assert folder.sync(make.snapshot(make.page(1, "A"), make.page(2, "B"))) == [
        "write Docs/A.md (interrupted)",
        "write Docs/B.md (interrupted)",
    ]


# -- the plan itself


def test_plan_reads_as_a_dry_run(make, folder):
    """Printed, a plan shows where the space goes, each action, each warning, and the cost."""
    folder.sync(make.snapshot(make.page(1, "A"), make.page(2, "B"), make.page(3, "C")))
    plan = folder.plan(make.snapshot(make.page(1, "A", version=2), make.page(2, "B", 77, parent_type="page")))
    assert str(plan).splitlines() == [
        "Docs (DOCS) -> Docs/",
        "  write Docs/A.md (changed 1 -> 2)",
        "  delete Docs/C.md (gone)",
        "  warning: page 'B' (2) has a parent that cannot be read (page 77); it was put below the space",
        "  1 to write, 0 to move, 1 to delete, 1 unchanged; a full run costs about 5 requests, 11 points",
    ]


def test_held_deletions_are_shown(make, folder):
    """The dry run shows what is held, too."""
    folder.sync(make.snapshot(*(make.page(number, f"P{number}") for number in range(11))))
    assert "  hold delete Docs/P0.md (gone)" in str(folder.plan(make.snapshot(), SpaceMapping(space_id="1")))


def test_estimate(make, folder):
    """Listing costs a request for 250 pages, fetching one for 50, and a deletion is confirmed after the space."""
    folder.sync(make.snapshot(make.page(900, "Gone")))
    plan = folder.plan(make.snapshot(*(make.page(number, f"P{number}") for number in range(1, 252))))
    assert plan.cost_to_apply() == Estimate(requests=6 + 2, points=6 + 251 + 4)
    assert plan.cost_to_apply(bodies_at_hand=True) == Estimate(requests=2, points=4)
    assert plan.estimate() == Estimate(requests=1 + 2, points=2 + 2 + 251) + plan.cost_to_apply()
    assert Estimate(1, 2) + Estimate(10, 20) == Estimate(11, 22)


def test_estimate_of_a_first_run(make):
    """On a first run the listing brings the bodies; each folder above pages costs a request."""
    pages = [make.page(number, f"P{number}", 1000) for number in range(1, 252)]
    plan = make.folder().plan(make.snapshot(*pages, make.container(1000, "Folder")))
    assert plan.estimate() == Estimate(requests=1 + 3 + 1, points=2 + 3 + 251 + 2)


def test_a_user_has_another_name(make, folder):
    """A file that shows a user's name is written again when the name changes; without names nothing is known."""
    snapshot = make.snapshot(make.page(1, "A"))
    folder.sync(snapshot)
    folder.entries["1"] = attrs.evolve(folder.entries["1"], people=(("u1", "Before"),))
    assert folder.sync(snapshot) == []
    assert folder.sync(snapshot, names={"u1": "Before"}) == []
    assert folder.sync(snapshot, names={"u1": "After"}) == ["write Docs/A.md (changed)"]


def test_foreign_file_in_place_of_the_root(make):
    """A space in the place of whose folder somebody has a file gets its key."""
    plan = plan_sync(make.snapshot(make.page(1, "A")), Manifest(), make.mapping, occupied={"docs"})
    assert plan.layout.paths == {"1": "Docs (DOCS)/A.md"}


def test_no_place_for_the_root(make):
    """Where no name is left there is no plan, and the reason is told."""
    snapshot = make.snapshot(make.page(1, "A"))
    with pytest.raises(ConfigurationError, match="no folder name is left for space DOCS"):
        plan_sync(snapshot, Manifest(), make.mapping, occupied={"docs", "docs (docs)", "docs (1)"})
    mapping = attrs.evolve(make.mapping, folder="Team/All")
    with pytest.raises(ConfigurationError, match="a file lies where folder 'Team/All' has to be"):
        plan_sync(snapshot, Manifest(), mapping, occupied={"Team"})


@given(snapshot=snapshots())
def test_second_plan_is_empty(make, snapshot):
    """Whatever the tree, planning again after a run gives no action."""
    folder = make.folder(make.links([snapshot]))
    folder.sync(snapshot)
    assert folder.files.keys() == set(plan_layout(snapshot, root="Documentation").paths.values())
    assert folder.sync(snapshot) == []
