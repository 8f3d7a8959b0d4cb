"""Whatever a space goes through, its folder ends as a clean first run would have made it."""

from hypothesis import event, given
from hypothesis import strategies as st

from confluence_sync.testing.strategies import histories


@given(history=histories())
def test_every_plan_leads_to_the_folder_of_a_clean_first_run(make, history):
    """Moves, writes and deletes never run into each other, and add up to the files and links of a first run."""
    links = make.links(history)
    folder = make.folder(links)
    for snapshot in history:
        folder.sync(snapshot)
        clean = make.folder(links)
        clean.sync(snapshot)
        assert folder.files == clean.files
        assert folder.sync(snapshot) == []


@given(history=histories(), data=st.data())
def test_a_broken_run_leaves_nothing_that_the_next_one_does_not_mend(make, history, data):
    """A run killed after any effect, recorded or not, and run again gives the folder of a clean first run."""
    links = make.links(history)
    folder = make.folder(links)
    for snapshot in history:
        plan = folder.plan(snapshot)
        folder.claim(plan)
        cut = data.draw(st.integers(0, len(plan.actions)))
        for number, action in enumerate(plan.actions[:cut], start=1):
            recorded = number < cut or data.draw(st.booleans())
            folder.apply(action, plan.layout, checkpoint=recorded)
        event("broken off" if cut < len(plan.actions) else "not broken off")
    folder.sync(history[-1])
    clean = make.folder(links)
    clean.sync(history[-1])
    assert folder.files == clean.files
    assert folder.sync(history[-1]) == []
