"""The example scripts, run as a reader runs them: in processes of their own, over loopback HTTP."""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from confluence_sync.documents import load_event
from confluence_sync.events import RunFinished
from confluence_sync.models import Outcome
from confluence_sync.testing import FakeSite, demo_site

EXAMPLES = Path(__file__).parents[1] / "examples"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
EMAIL, TOKEN = "reader@example.com", "a-secret-token"


def run(
    script: str, *arguments: str | Path, cwd: Path, typed: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONFLUENCE_")}
    return subprocess.run(
        [sys.executable, str(EXAMPLES / script), *map(str, arguments)],
        cwd=cwd,
        env={**inherited, **environment, "PYTHONWARNINGS": "error", "PYTHONIOENCODING": "utf-8"},
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def sync_space(url: str, *arguments: str | Path, cwd: Path, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    return run(
        "sync_space.py",
        *arguments,
        cwd=cwd,
        CONFLUENCE_URL=f"{url}/wiki",
        CONFLUENCE_EMAIL=EMAIL,
        CONFLUENCE_API_TOKEN=token,
    )


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.md")}


@pytest.fixture
def site() -> FakeSite:
    site = FakeSite()
    docs = site.space("DOCS", name="Documentation")
    runbook = docs.page("Runbook", parent=docs.homepage, storage="<p>Call the on-call engineer.</p>")
    docs.page("Escalation", parent=runbook, storage="<p>Then call the lead.</p>")
    site.space("OPS", name="Operations")
    site.require(email=EMAIL, token=TOKEN)
    return site


def one_clear_line(text: str) -> bool:
    return text.startswith("error: ") and len(text.strip().splitlines()) == 1


def test_first_sync_writes_a_tree_and_then_nothing(tmp_path: Path):
    """The README's first command ends with a tree of files and a summary; run again, nothing is written."""
    first = run("01_first_sync.py", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "succeeded: " in first.stdout
    before = files(tmp_path / "confluence-demo")
    assert len(before) >= 50
    assert f" {len(before)} written" in first.stdout
    second = run("01_first_sync.py", cwd=tmp_path)
    assert second.returncode == 0, second.stderr
    assert " 0 written" in second.stdout
    assert f" {len(before)} unchanged" in second.stdout
    assert files(tmp_path / "confluence-demo") == before


def test_dry_run_shows_plans(tmp_path: Path):
    """The dry run prints every action of an empty folder, and of a changed site, and writes nothing."""
    result = run("02_dry_run.py", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    for word in ("  write ", "  move ", "  delete ", "unchanged", "requests"):
        assert word in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_live_progress_ends_with_a_full_bar(tmp_path: Path):
    """The progress bar knows its total and reaches it."""
    result = run("03_live_progress.py", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "100%" in result.stdout
    assert "succeeded" in result.stdout


def test_custom_macro_is_written_by_its_rule(tmp_path: Path):
    """Without the rule a warning names the macro, with it the macro is there."""
    result = run("04_custom_macro.py", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    without, _, with_rule = result.stdout.partition("---")
    assert "warnings: ['service-health']" in without
    assert "[Health of billing](https://status.example.com/billing) (tier 1)" in with_rule


def test_convert_only_cites_passages(tmp_path: Path):
    """A page becomes Markdown, a warning, and passages with their deep links."""
    result = run("05_convert_only.py", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "> [!CAUTION]\n> Stop the writers" in result.stdout
    assert "warning: dynamic_macro 'contributors' under 'Restore (primary)'" in result.stdout
    assert "/pages/42/Restore+a+backup#Restore-(primary)\n" in result.stdout


def test_connect_oauth_goes_all_the_way(tmp_path: Path):
    """Consent and callback over real HTTP, a choice between two sites, a sync; the files stay, the steps are told."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = str(free.getsockname()[1])
    result = run("06_connect_oauth.py", cwd=tmp_path, typed="2\n", PORT=port)
    assert result.returncode == 0, result.stderr
    assert "1: another (https://another.atlassian.net)\n2: demo (" in result.stdout
    assert "succeeded: " in result.stdout
    assert "https://id.atlassian.com/manage-profile/apps" in result.stdout
    assert len(files(tmp_path / "confluence-oauth")) >= 50


def test_scheduler_runs_three_times(tmp_path: Path):
    """All of the site first, then what was edited meanwhile."""
    result = run("07_scheduler.py", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    written = re.findall(r"succeeded: (\d+) files written", result.stdout)
    assert int(written[0]) >= 50
    assert written[1:] == ["1", "1"]
    assert "The next run would begin at 09:3" in result.stdout


def test_run_log_shows_failed_pages_first(tmp_path: Path):
    """The latest run is first, and in it the page that failed."""
    result = run("08_run_log.py", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    latest, first = result.stdout.strip().split("\n\n")
    assert "partial" in latest
    assert re.search(r"failed +Webhooks: .*413\n +written +Hotfixes: changed", latest)
    assert "succeeded" in first
    assert first.endswith("...")


def test_custom_vfs_syncs_and_keeps_the_contract(tmp_path: Path):
    """Pages land in the table, and the suite in the same file passes."""
    result = run("10_custom_vfs.py", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "succeeded: " in result.stdout
    with closing(sqlite3.connect(tmp_path / "pages.db")) as database:
        assert database.execute("SELECT count(*) FROM page WHERE title <> ''").fetchone()[0] >= 50
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLES / "10_custom_vfs.py")]
    suite = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert suite.returncode == 0, suite.stdout


def test_s3_has_the_pages(s3_url: str, tmp_path: Path):
    """The demo site becomes objects of a bucket, through a server that speaks S3."""
    with httpx.Client(base_url=s3_url) as server:
        server.put("/wiki").raise_for_status()
        environment = {"AWS_ENDPOINT_URL": s3_url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
        result = run("12_s3.py", "s3://wiki/pages", cwd=tmp_path, **environment, AWS_DEFAULT_REGION="us-east-1")
        assert result.returncode == 0, result.stderr
        assert "56 objects, " in result.stdout
        listing = server.get("/wiki", params={"list-type": "2", "prefix": "pages/Handbook/"}).text
    assert "<Key>pages/Handbook/Handbook Home.md</Key>" in listing


def test_questions_are_answered_with_citations(tmp_path: Path):
    """A question gets passages with their headings and the addresses to cite; odd ones get nothing and no error."""
    result = run("09_ask_with_citations.py", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("[1] Runbook: database replica lags")
    assert re.search(r"/pages/\d+/Runbook%3A\+database\+replica\+lags#Check\n", result.stdout)
    asked = run("09_ask_with_citations.py", "How", "do I report", "a *security* problem?", cwd=tmp_path)
    assert "[1] Reporting a security problem" in asked.stdout
    odd = run("09_ask_with_citations.py", "?", cwd=tmp_path)
    assert (odd.returncode, odd.stdout) == (0, "")


@POSIX
def test_custom_token_store(tmp_path: Path):
    """The store keeps a secret from run to run; that it keeps the contract is tested by its how-to."""
    result = run("11_custom_token_store.py", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "b'a secret'\n"), result.stderr
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "tokens").iterdir()} == {0}


def test_numbered_examples_are_short():
    """One idea each, in less than 80 lines."""
    for script in EXAMPLES.glob("[0-9]*.py"):
        assert len(script.read_text(encoding="utf-8").splitlines()) < 80, script.name


def test_sync_space_syncs_a_space_into_a_folder(site: FakeSite, tmp_path: Path):
    """The tool syncs one space below a folder, and the second run writes nothing."""
    with site.serve() as url:
        first = sync_space(url, "--space", "DOCS=team", "--into", "out", cwd=tmp_path)
        second = sync_space(url, "--space", "DOCS=team", "--into", "out", cwd=tmp_path)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "3 written" in first.stdout
    assert "0 written" in second.stdout
    written = files(tmp_path / "out")
    assert sorted(written) == [
        "team/Documentation/Documentation Home.md",
        "team/Documentation/Documentation Home/Runbook.md",
        "team/Documentation/Documentation Home/Runbook/Escalation.md",
    ]
    assert b"Then call the lead." in written["team/Documentation/Documentation Home/Runbook/Escalation.md"]


def test_sync_space_without_a_space_syncs_all(tmp_path: Path):
    """Without --space, every space of the site is synced."""
    with demo_site().serve() as url:
        result = sync_space(url, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    folders = {path.name for path in (tmp_path / "confluence").iterdir() if not path.name.startswith(".")}
    assert folders == {"Handbook", "Platform Engineering"}


def test_sync_space_dry_run_changes_nothing(site: FakeSite, tmp_path: Path):
    """A dry run prints the plan and makes no file but the state."""
    with site.serve() as url:
        result = sync_space(url, "--space", "DOCS", "--dry-run", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "write Documentation/Documentation Home/Runbook.md (new)" in result.stdout
    assert files(tmp_path) == {}


def test_sync_space_json_is_one_event_a_line(site: FakeSite, tmp_path: Path):
    """With --json each line is a document that loads back as an event, the last one the end of the run."""
    with site.serve() as url:
        result = sync_space(url, "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    events = [load_event(json.loads(line)) for line in result.stdout.splitlines()]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert isinstance(events[-1], RunFinished)
    assert events[-1].outcome is Outcome.SUCCEEDED


def test_sync_space_incremental_brings_the_edit(site: FakeSite, tmp_path: Path):
    """After an edit, an incremental run writes that one page."""
    with site.serve() as url:
        sync_space(url, "--space", "DOCS", cwd=tmp_path)
        site.page("Runbook").edit("<p>Call nobody.</p>")
        result = sync_space(url, "--space", "DOCS", "--mode", "incremental", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "1 written" in result.stdout
    assert b"Call nobody." in files(tmp_path)["confluence/Documentation/Documentation Home/Runbook.md"]


def test_sync_space_partial(site: FakeSite, tmp_path: Path):
    """A page that cannot be fetched is named, the others land, the exit code is 1."""
    site.fail("/pages", status=413, page_id=site.page("Escalation").id, times=None)
    with site.serve() as url:
        result = sync_space(url, "--space", "DOCS", cwd=tmp_path)
    assert result.returncode == 1, result.stderr
    assert "failed: 'Escalation' (content_too_large)" in result.stdout
    assert len(files(tmp_path)) == 2


def test_sync_space_confirms_what_was_held(site: FakeSite, tmp_path: Path):
    """Many deletions wait until their token is given; no other token will do."""
    docs = site.space("DOCS")
    pages = [docs.page(f"Page {number}") for number in range(12)]
    with site.serve() as url:
        sync_space(url, "--space", "DOCS", cwd=tmp_path)
        for page in pages:
            page.trash()
        held = sync_space(url, "--space", "DOCS", cwd=tmp_path)
        token = re.search(r"held back until (\w+) is confirmed", held.stdout)[1]
        wrong = sync_space(url, "--space", "DOCS", "--confirm", "x", cwd=tmp_path)
        confirmed = sync_space(url, "--space", "DOCS", "--confirm", token, cwd=tmp_path)
    assert (held.returncode, wrong.returncode, confirmed.returncode) == (1, 2, 0)
    assert one_clear_line(wrong.stderr)
    assert len(files(tmp_path)) == 3


def test_sync_space_paused(site: FakeSite, tmp_path: Path):
    """When the hourly quota is used up the exit code is 75, and a later run goes on."""
    with site.serve() as url:
        site.limit_points(10)
        paused = sync_space(url, "--space", "DOCS", cwd=tmp_path)
        site.limit_points(65_000)
        resumed = sync_space(url, "--space", "DOCS", cwd=tmp_path)
    assert paused.returncode == 75, paused.stderr
    assert "may go on at" in paused.stdout
    assert resumed.returncode == 0, resumed.stderr
    assert len(files(tmp_path)) == 3


def test_sync_space_wrong_token(site: FakeSite, tmp_path: Path):
    """A wrong token is one clear line and exit code 2, without the token in it."""
    with site.serve() as url:
        result = sync_space(url, "--space", "DOCS", cwd=tmp_path, token="not-the-token")
    assert result.returncode == 2
    assert one_clear_line(result.stderr), result.stderr
    assert "not-the-token" not in result.stderr + result.stdout


def test_sync_space_unknown_space(site: FakeSite, tmp_path: Path):
    """An unknown space is one clear line that names it."""
    with site.serve() as url:
        result = sync_space(url, "--space", "NOPE", cwd=tmp_path)
    assert result.returncode == 2
    assert one_clear_line(result.stderr), result.stderr
    assert "NOPE" in result.stderr


@pytest.mark.parametrize("into", ["file", "file/folder", "/proc/nowhere"])
def test_sync_space_unwritable_folder(site: FakeSite, tmp_path: Path, into: str):
    """A folder that cannot be written is one clear line that names it, and exit code 2, before anything is listed."""
    (tmp_path / "file").write_text("in the way")
    with site.serve() as url:
        result = sync_space(url, "--space", "DOCS", "--into", into, cwd=tmp_path)
    assert result.returncode == 2
    assert one_clear_line(result.stderr), result.stderr
    assert into in result.stderr
    assert (tmp_path / "file").read_text() == "in the way"
    assert site.requests == []


def test_sync_space_keeps_sites_apart(site: FakeSite, tmp_path: Path):
    """Two sites with one state file and one folder do not touch each other's files."""
    other = FakeSite()
    other.space("DOCS", name="Other docs").page("Runbook", parent=None)
    with site.serve() as first, other.serve() as second:
        for url in (first, second, first):
            result = sync_space(url, "--space", "DOCS", cwd=tmp_path)
            assert result.returncode == 0, result.stderr
    assert "0 written" in result.stdout
    assert len(files(tmp_path)) == 3 + 2


def test_sync_space_says_when_the_state_is_missing(site: FakeSite, tmp_path: Path):
    """Without its state file a folder is somebody else's: nothing is overwritten, and the run says why."""
    with site.serve() as url:
        sync_space(url, "--space", "DOCS", cwd=tmp_path)
        before = files(tmp_path)
        (tmp_path / "confluence" / ".confluence-sync.db").unlink()
        result = sync_space(url, "--space", "DOCS", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "step aside" in result.stdout
    assert before.items() <= files(tmp_path).items()


def test_sync_space_into_a_closed_pipe(site: FakeSite, tmp_path: Path):
    """Whoever stops reading gets no traceback."""
    read, write = os.pipe()
    os.close(read)
    with site.serve() as url:
        environment = {"CONFLUENCE_URL": url, "CONFLUENCE_EMAIL": EMAIL, "CONFLUENCE_API_TOKEN": TOKEN}
        result = subprocess.run(
            [sys.executable, str(EXAMPLES / "sync_space.py"), "--json"],
            cwd=tmp_path,
            env={**os.environ, **environment},
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    os.close(write)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


@POSIX
def test_sync_space_terminated(site: FakeSite, tmp_path: Path):
    """A terminated run gives its lease back, so that the next one can start at once."""
    with site.serve(latency=0.3) as url:
        environment = {"CONFLUENCE_URL": url, "CONFLUENCE_EMAIL": EMAIL, "CONFLUENCE_API_TOKEN": TOKEN}
        command = [sys.executable, str(EXAMPLES / "sync_space.py")]
        with subprocess.Popen(
            command, cwd=tmp_path, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            assert "started" in process.stderr.readline()
            process.terminate()
            assert process.wait(30) == 143
            assert "Traceback" not in process.stderr.read()
        result = sync_space(url, cwd=tmp_path)
    assert result.returncode == 0, result.stderr


def test_sync_space_two_at_once(site: FakeSite, tmp_path: Path):
    """While another run holds the lease the exit code is 75: try again later."""
    with site.serve(latency=1.0) as url:  # long enough for another process to start while the first one waits
        environment = {"CONFLUENCE_URL": f"{url}/wiki", "CONFLUENCE_EMAIL": EMAIL, "CONFLUENCE_API_TOKEN": TOKEN}
        command = [sys.executable, str(EXAMPLES / "sync_space.py")]
        with subprocess.Popen(
            command, cwd=tmp_path, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            assert "started" in process.stderr.readline()
            second = sync_space(url, cwd=tmp_path)
            assert process.poll() is None
            process.kill()
    assert second.returncode == 75
    assert one_clear_line(second.stderr), second.stderr


def test_sync_space_bad_state_file(site: FakeSite, tmp_path: Path):
    """A state file that cannot be opened is one clear line."""
    with site.serve() as url:
        result = sync_space(url, "--space", "DOCS", "--state", "no/such/folder/state.db", cwd=tmp_path)
    assert result.returncode == 2
    assert one_clear_line(result.stderr), result.stderr


def test_sync_space_without_credentials(tmp_path: Path):
    """What is missing in the environment is named."""
    result = run("sync_space.py", cwd=tmp_path, CONFLUENCE_URL="https://example.atlassian.net/wiki")
    assert result.returncode == 2
    assert one_clear_line(result.stderr), result.stderr
    assert "CONFLUENCE_EMAIL and CONFLUENCE_API_TOKEN" in result.stderr


def test_sync_space_refuses_plain_http(tmp_path: Path):
    """A token does not travel over plain HTTP to another machine."""
    result = sync_space("http://confluence.example.com", cwd=tmp_path)
    assert result.returncode == 2
    assert one_clear_line(result.stderr), result.stderr
