"""A budget: how much of something may be in use at a time, by one and by all together."""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from rpc_moodle.transport.errors import OverBudget


class Budget:
    """So much of ``what`` in all, and so much for each user; more is refused and never waits."""

    def __init__(self, what: str, *, each: int, total: int, users: str = "caller") -> None:
        """Take what it and its users are called in a message, and the limits."""
        self.used: Counter[Hashable] = Counter()
        self._what = what
        self._users = users
        self._each = each
        self._total = total

    @contextmanager
    def one(self, user: Hashable) -> Iterator[None]:
        """Use one for as long as the block lasts. Raises OverBudget."""
        if self.used[user] >= self._each:
            raise OverBudget(
                f"This {self._users} has {self._each} {self._what} already; call again later.", retry_after=1.0
            )
        if self.used.total() >= self._total:
            raise OverBudget(f"The service has {self._total} {self._what} already; call again later.", retry_after=1.0)
        self.used[user] += 1
        try:
            yield
        finally:
            self.used[user] -= 1
            if not self.used[user]:
                del self.used[user]
