"""Everything that is checked, by `nox`; one session with `nox -s tests`."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "typing", "tests", "examples", "docs", "build"]
nox.options.reuse_existing_virtualenvs = True

RIVALS = ["confluence-md-exporter", "html-to-markdown", "html2text", "markdownify"]
"""What the converter is measured against, side by side."""
EXTRAS = ["nothing", "crypto", "langchain", "llamaindex", "progress", "s3", "sql", "testing"]
PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))


def dependency_group(name: str) -> list[str]:
    project = nox.project.load_toml("pyproject.toml")
    return nox.project.dependency_groups(project, name)


@nox.session
def lint(session: nox.Session) -> None:
    """Rules and formatting."""
    session.install(*dependency_group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def typing(session: nox.Session) -> None:
    """Strict types of the library, the examples, and the use of the public API."""
    session.install("-e", ".[all]", *dependency_group("typing"))
    session.run("mypy")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The whole test suite."""
    session.install("-e", ".[all]", *dependency_group("tests"))
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Lines and branches that no test reaches."""
    session.install("-e", ".[all]", "pytest-cov", *dependency_group("tests"))
    session.run("python", "-m", "pytest", "--cov", "--cov-report=term-missing:skip-covered", *session.posargs)


@nox.session
def long(session: nox.Session) -> None:
    """Random histories of a site and a folder in thousands of steps, 200 kills of a process, 200 refreshes by two."""
    session.install("-e", ".[testing]")
    tests = ("engine/test_state_machine.py", "engine/test_killed_process.py", "sync/test_whole_story.py")
    paths = [f"tests/{test}" for test in tests]
    session.run("python", "-m", "pytest", "-s", *paths, *session.posargs, env={"CONFLUENCE_SYNC_LONG": "1"})


@nox.session
def promises(session: nox.Session) -> None:
    """Adapters that break one promise each, as a table: which promise, which tests catch them."""
    session.install("-e", ".[testing]")
    session.run("python", "tests/contract/broken_matrix.py", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Inputs that find new ways through the converter: 20 000 a target, or `nox -s fuzz -- -runs=1000000`."""
    session.install("-e", ".[testing]")
    try:
        session.install("--only-binary=atheris", "atheris")
    except CommandFailed:
        session.skip("there is no wheel of atheris for this Python and system")
    for target in ("pages", "words", "files"):
        corpus = Path(session.create_tmp(), target)  # stays: the next run goes on where this one ends
        corpus.mkdir(exist_ok=True)
        options = session.posargs or ["-runs=20000"]
        prefix = f"-artifact_prefix={corpus}-"
        session.run("python", "tests/fuzz/fuzz_convert.py", target, str(corpus), prefix, *options)


@nox.session
def examples(session: nox.Session) -> None:
    """The example scripts, as a reader runs them."""
    session.install("-e", ".[all]", *dependency_group("tests"))
    session.run("python", "-m", "pytest", "tests/test_examples.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation; warnings are errors."""
    session.install("-e", ".[all]", *dependency_group("docs"))
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")


@nox.session
def build(session: nox.Session) -> None:
    """The wheel, installed alone into an empty environment and imported."""
    session.install("build")
    out = session.create_tmp()
    for old in Path(out).glob("*.whl"):
        old.unlink()
    session.run("python", "-m", "build", "--outdir", out)
    (wheel,) = Path(out).glob("*.whl")
    session.run("python", "-m", "venv", "--clear", f"{out}/venv")
    python = f"{out}/venv/bin/python"
    session.run(python, "-m", "pip", "install", "--quiet", str(wheel), external=True)
    check = "import confluence_sync.engine, confluence_sync.adapters, confluence_sync.testing as t; t.demo_site()"
    session.run(python, "-c", check, external=True)


@nox.session
@nox.parametrize("extra", EXTRAS)
def extras(session: nox.Session, extra: str) -> None:
    """The wheel with each extra alone, in an empty environment: its examples run."""
    session.install("." if extra == "nothing" else f".[{extra}]")
    command = ["python", "tests/extra_alone.py", extra]
    if extra != "s3":
        session.run(*command)
        return
    server = Path(session.create_tmp(), "server", "bin", "python")  # an environment of its own, too
    session.run("python", "-m", "venv", "--clear", str(server.parents[1]))
    session.run(str(server), "-m", "pip", "install", "--quiet", *dependency_group("tests"), external=True)
    with moto(server) as url:
        session.run(*command, url)


@contextmanager
def moto(python: Path) -> Iterator[str]:
    """Serve the API of S3, in memory."""
    command = [python, "-W", "ignore", "-m", "moto.server", "-p", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - a command of our own
        try:
            yield next(line.split()[-1] for line in process.stderr if "Running on" in line)
        finally:
            process.kill()


@nox.session
def bench(session: nox.Session) -> None:
    """Figures: requests, points, pages a second, memory. Nothing is asserted about time."""
    session.install("-e", ".[s3,testing]", *RIVALS, *dependency_group("tests"))
    session.run("python", "-m", "pytest", "tests/benchmarks", "-m", "bench", "-s", "-q", *session.posargs)
