"""Runs every suite over adapters that break one promise each, and prints which tests catch them.

`nox -s promises`, or `python tests/contract/broken_matrix.py [--own] [name ...]`. Each culprit has to fail a test of
the promise that it breaks, and beyond that only tests of promises that it names in `also`, since it cannot but break
them too. With `--own` only the tests of its own promise are run.
"""

import contextlib
import io
import sys
from collections import defaultdict

import broken_stores
import broken_vfs
import pytest

from confluence_sync.testing.contracts import Contract


def culprits():
    """Yield the suite's class and the adapter: the sound ones first."""
    for module in (broken_vfs, broken_stores):
        suites = {suite.adapter: suite for suite in vars(module).values() if is_suite(suite)}
        for sound, suite in suites.items():
            yield suite, sound
            for adapter in vars(module).values():
                if isinstance(adapter, type) and issubclass(adapter, sound) and adapter.breaks:
                    yield suite, adapter


def is_suite(value):
    return isinstance(value, type) and issubclass(value, Contract) and hasattr(value, "adapter")


def suite_over(suite, adapter):
    return type(f"Test{adapter.__name__}", (suite,), {"adapter": adapter, "__module__": __name__})


SUITES = {f"Test{adapter.__name__}": suite_over(suite, adapter) for suite, adapter in culprits()}
if __name__ != "__main__":  # collected by the run below
    globals().update(SUITES)


_OPTIONS = ["-q", "--tb=native", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]


class Findings:
    """Collects which promises of which adapter were found broken."""

    def __init__(self, *, own):
        self.broken = defaultdict(dict)
        self._own = own

    def pytest_collection_modifyitems(self, items):
        if self._own:
            items[:] = [item for item in items if item.function.promise == item.cls.adapter.breaks]

    def pytest_runtest_logreport(self, report):
        if report.failed:
            suite, _, test = report.nodeid.rpartition("::")
            self.broken[suite.rpartition("::")[2]][test] = report.longrepr.reprcrash.message


def promise_in(message, promises):
    """Return the promise with whose name a failure begins."""
    found = [promise for promise in promises if message.startswith(f"AssertionError: {promise.label}: ")]
    return found[0] if found else None


def verdict(suite, failures):
    """Return the promises that were found broken, and what is wrong with that."""
    adapter = suite.adapter
    found = {promise_in(message, suite.promises()) for message in failures.values()}
    problems = [f"unnamed: {test}: {text}" for test, text in failures.items() if not promise_in(text, suite.promises())]
    expected = {adapter.breaks} - {None}
    if missing := expected - found:
        problems.append(f"not caught: {missing}")
    if more := found - expected - adapter.also - {None}:
        problems.append(f"caught by {sorted(more)} too")
    return found - {None}, problems


def main(names, *, own=False):
    """Print the table; return whether all is as it should be."""
    findings = Findings(own=own)
    chosen = " or ".join(f"Test{name}" for name in names)
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        pytest.main([__file__, *_OPTIONS, "-k", chosen], [findings])
    all_is_well, caught = True, set()
    for name, suite in SUITES.items():
        if names and name.removeprefix("Test") not in names:
            continue
        found, problems = verdict(suite, findings.broken[name])
        caught |= {promise.label for promise in found if promise is suite.adapter.breaks}
        label = suite.adapter.breaks.label if suite.adapter.breaks else "(sound)"
        print(
            f"{label:36} {suite.adapter.__name__:28} {'caught' if found else 'passes':8}",
            *sorted(found - {suite.adapter.breaks}),
        )
        for problem in problems:
            all_is_well = False
            print(f"    WRONG: {problem}")
    # By label: promises of two protocols may have one name.
    every = {promise.label for suite in SUITES.values() for promise in suite.promises()}
    lacking = sorted(every - {suite.adapter.breaks.label for suite in SUITES.values() if suite.adapter.breaks})
    print(f"{len(caught)} of {len(every)} promises have a culprit that is caught; without one: {lacking or 'none'}")
    if "-v" in sys.argv:
        print(output.getvalue())
    return all_is_well and not lacking


if __name__ == "__main__":
    chosen = [name for name in sys.argv[1:] if not name.startswith("-")]
    sys.exit(0 if main(chosen, own="--own" in sys.argv) else 1)
