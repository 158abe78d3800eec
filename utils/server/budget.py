"""What all callers share, such as bytes or running calls: nobody may take so much of it that others get none."""

from collections import Counter

SHARE = 2
"""One address may hold one part in so many, since one caller can have any number of sockets."""


class Budget:
    """An amount that is taken and given back, by address."""

    def __init__(self, total: int) -> None:
        """Take the amount that there is."""
        self.total = total
        self.taken = 0
        self._by_origin: Counter[str] = Counter()

    def take(self, origin: str, amount: int) -> bool:
        """Take an amount for an address; False, and nothing is taken, where its share or all of it is used up."""
        if self.taken + amount > self.total or self._by_origin[origin] + amount > max(1, self.total // SHARE):
            return False
        self.taken += amount
        self._by_origin[origin] += amount
        return True

    def give(self, origin: str, amount: int) -> None:
        """Give back what was taken."""
        self.taken -= amount
        self._by_origin[origin] -= amount
        if not self._by_origin[origin]:
            del self._by_origin[origin]
