"""The contracts catch adapters that break a promise, name the promise, and show what is declared."""

import subprocess
import sys
from pathlib import Path

OPTIONS = ("-rs", "-q", "-o", "asyncio_default_fixture_loop_scope=function")


def test_every_promise_has_a_culprit_that_is_caught():
    """Each broken adapter fails the tests of the promise that it breaks; `nox -s promises` shows what else it fails."""
    script = Path(__file__).with_name("broken_matrix.py")
    outcome = subprocess.run([sys.executable, script, "--own"], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, f"{outcome.stdout}\n{outcome.stderr}"


def test_a_failure_begins_with_the_name_of_the_promise(pytester):
    """Who runs the suite reads in the summary which promise is broken."""
    pytester.makepyfile(
        """
        import pytest
        from confluence_sync.adapters import MemoryTokenStore
        from confluence_sync.testing import TokenStoreContract

        class Forgets(MemoryTokenStore):
            async def load(self, connection_id):
                return None

        class Raises(MemoryTokenStore):
            async def load(self, connection_id):
                raise KeyError(connection_id)

        class TestForgets(TokenStoreContract):
            @pytest.fixture
            def token_store(self):
                return Forgets()

        class TestRaises(TokenStoreContract):
            @pytest.fixture
            def token_store(self):
                return Raises()
        """
    )
    outcome = pytester.runpytest_inprocess(*OPTIONS, "-k", "last_secret")
    outcome.assert_outcomes(failed=2)
    outcome.stdout.fnmatch_lines(
        [
            "E*AssertionError: TokenStore.last-counts: save: in place of the one before*",
            "E*AssertionError: TokenStore.last-counts: raised KeyError: 'one'",
        ]
    )


def test_a_deviation_is_shown_and_an_unknown_one_is_caught(pytester):
    """A deviation is skipped with its reason; one from what does not exist, or no longer, does not pass unnoticed."""
    pytester.makepyfile(
        """
        import pytest
        from confluence_sync.adapters import MemoryTokenStore
        from confluence_sync.testing import TokenStoreContract

        class Known(TokenStoreContract):
            @pytest.fixture
            def token_store(self):
                return MemoryTokenStore()

        class TestDeclared(Known):
            deviations = {"test_there_is_nothing_at_first": "it is never empty"}

        class TestPromise(Known):
            deviations = {"empty-at-first": "it is never empty"}

        class TestUnknown(Known):
            deviations = {"test_that_is_no_more": "was renamed"}
        """
    )
    outcome = pytester.runpytest_inprocess(*OPTIONS, "-k", "at_first")
    outcome.assert_outcomes(skipped=2, errors=1)
    outcome.stdout.fnmatch_lines(["*deviation from TokenStore.empty-at-first: it is never empty"])
    outcome.stdout.fnmatch_lines(["*deviations from promises and tests that do not exist: *test_that_is_no_more*"])
