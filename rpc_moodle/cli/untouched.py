"""What a worksheet only repeats: Moodle writes comments into it without their markup, and grades rounded.

Published as they stand there, they would take the place of what they were made from (tried on Moodle 4.5).
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import Any

_OWN = {"grade", "text", "files"}
Item = Mapping[str, object]


def without_repeated(
    items: Sequence[Item], results: Sequence[Mapping[str, Any]], decimals: int
) -> list[dict[str, Any]]:
    """Return the items of a worksheet without what is there already, as a dry run's results have it before.

    ``decimals`` are those in which the worksheet writes grades. An item of which nothing is left is left out.
    """
    before = {_who(row): row["before"] for row in results if row.get("before")}
    found = []
    for item in items:
        seen = before.get(_who(item), {})
        repeated = {
            name
            for name, same in (
                ("text", same_words(str(item.get("text", "")), seen.get("text") or "")),
                ("grade", same_number(str(item.get("grade", "")), seen.get("grade") or "", decimals)),
            )
            if same
        }
        left = {name: value for name, value in item.items() if name not in repeated}
        if left.keys() & _OWN:
            found.append(left)
    return found


def _who(row: Mapping[str, object]) -> tuple[str, object]:
    return ("participant", row["participant"]) if "participant" in row else ("extId", row.get("extId"))


def same_words(shown: str, stored: str) -> bool:
    """Tell whether a text is what a worksheet shows of a stored one: its words, without tags."""
    return bool(shown) and _bare(shown) == _bare(unescape(re.sub(r"<[^>]*>", "", stored)))


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def same_number(shown: str, stored: str, decimals: int) -> bool:
    """Tell whether a grade is what a worksheet shows of a stored one, rounded to so many decimals."""
    try:
        given, known = (Decimal(text.replace(",", ".")) for text in (shown, stored))
    except InvalidOperation:
        return False
    if not (given.is_finite() and known.is_finite()):
        return False
    return decimals_of(shown) <= decimals and abs(given - known) <= Decimal(5).scaleb(-decimals - 1)


def decimals_of(number: str) -> int:
    """Return how many decimals a number is written with."""
    return len(re.sub(r"^[0-9]*[.,]?", "", number))
