"""When a failed call is repeated: the error says whether, the policy how long to wait."""

from __future__ import annotations

from random import Random

import attrs
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential

from ..errors import ClientError, RateLimitedError
from ..protocols import Clock

__all__ = ["RetryPolicy"]


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """
    Atlassian's recipe: start at 2 s, double, cap at 30 s, spread by 0.7 to 1.3, about 4 tries.

    What an answer asks for in `Retry-After` is a minimum, even above the cap.

    Attributes:
        tries: Requests in all, the first included.
        first_wait: Seconds before the second try; doubles with each further one.
        highest_wait: Seconds at which doubling ends.
        longest_wait: Seconds beyond which nobody waits inside a request: such an error is raised at once.
    """

    tries: int = attrs.field(default=4, validator=attrs.validators.ge(1))
    first_wait: float = attrs.field(default=2.0, validator=attrs.validators.ge(0))
    highest_wait: float = attrs.field(default=30.0, validator=attrs.validators.ge(0))
    longest_wait: float = attrs.field(default=60.0, validator=attrs.validators.ge(0))

    def repeats(self, error: BaseException) -> bool:
        """Tell whether to try again: not if that cannot help, nor if the wait is the caller's business."""
        if not isinstance(error, ClientError) or not error.retryable:
            return False
        if isinstance(error, RateLimitedError) and error.quota:
            return False
        return (error.retry_after or 0.0) <= self.longest_wait

    def retrying(self, *, clock: Clock, random: Random, patient: bool = True) -> AsyncRetrying:
        """
        Return what calls a function by this policy, for one call (it keeps the number of tries).

        One that is not patient repeats only what it was asked to wait for.
        """

        def wait(state: RetryCallState) -> float:
            spread = random.uniform(0.7, 1.3)
            return max(backoff(state) * spread, _asked(state) * max(1.0, spread))

        backoff = wait_exponential(multiplier=self.first_wait, max=self.highest_wait)
        return AsyncRetrying(
            sleep=clock.sleep,
            stop=stop_after_attempt(self.tries),
            wait=wait,
            retry=retry_if_exception(lambda error: self.repeats(error) and (patient or _asks_to_wait(error))),
            reraise=True,
        )


def _asks_to_wait(error: BaseException) -> bool:
    return isinstance(error, RateLimitedError) or (isinstance(error, ClientError) and error.retry_after is not None)


def _asked(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return (isinstance(error, ClientError) and error.retry_after) or 0.0
