"""``make mutate``: how many small faults in the deciding modules no test sees."""

import ast
import difflib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

KNOWN = Path(__file__).with_name("survivors.txt")
"""The faults that may go unseen: ``module | the line with the fault | reason``."""

ALLOWED = 0.1
"""The share of faults of a module that may go unseen."""

_UNSEEN, _UNTRIED = 0, 33
"""What mutmut notes of a fault: the exit code of pytest, or that no test runs the line."""

_TEXT = re.compile(r"""\b[frb]?("[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*')|("[^"\\]*"|'[^'\\]*')""")


@dataclass
class Tally:
    """What became of the faults of a module; those in the wording of a sentence alone are not counted."""

    seen: int = 0
    unseen: list[str] = field(default_factory=list)
    wording: int = 0
    untried: int = 0

    @property
    def share(self) -> float:
        """The share of faults that no test sees."""
        return len(self.unseen) / max(1, self.seen + len(self.unseen))


def tallies(root: Path = Path("mutants")) -> dict[str, Tally]:
    """Read what mutmut has found, by module; of a fault that went unseen the line as it stood with it."""
    found: dict[str, Tally] = {}
    for meta in sorted(root.rglob("*.py.meta")):
        source = meta.with_suffix("")
        functions = _functions(source)
        tally = found[str(source.relative_to(root))] = Tally()
        for name, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            if code is None:
                tally.untried += 1
                continue
            changed = name.rpartition(".")[2]
            before, after = _change(functions[re.sub(r"_\d+$", "_orig", changed)], functions[changed])
            if _is_wording(before, after):
                tally.wording += 1
            elif code in {_UNSEEN, _UNTRIED}:
                tally.unseen.append(after or f"without {before}")
            else:
                tally.seen += 1
    return found


def _functions(source: Path) -> dict[str, list[str]]:
    """Give the lines of each function, the same however it is laid out, and without its name."""
    return {
        node.name: ast.unparse(node).replace(node.name, "it").splitlines()
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "__mutmut_" in node.name
    }


def _change(before: list[str], after: list[str]) -> tuple[str, str]:
    """Give what a fault takes away and what it puts in its place."""
    lines = list(difflib.ndiff(before, after))
    return tuple("; ".join(line[2:].strip() for line in lines if line.startswith(sign)) for sign in "-+")  # type: ignore[return-value] # of two signs


def _is_wording(before: str, after: str) -> bool:
    """Tell whether a fault changes nothing but the letters of sentences for people."""
    if _TEXT.sub("", before) != _TEXT.sub("", after):
        return False
    texts = zip(_TEXT.finditer(before), _TEXT.finditer(after), strict=True)
    return all(" " in was[0] for was, now in texts if was[0] != now[0])


def reasons() -> dict[tuple[str, str], str]:
    """Read the list of faults that may go unseen."""
    rows = (line for line in KNOWN.read_text().splitlines() if line and not line.startswith("#"))
    parts = (row.partition(" | ")[::2] for row in rows)  # the line itself may hold a bar
    return {(module, rest.rpartition(" | ")[0]): rest.rpartition(" | ")[2] for module, rest in parts}


def main() -> int:
    """Run mutmut, print a table, and return 1 where the limit is not kept, or faults and reasons do not match.

    Without names of faults, all are tried anew: mutmut would believe what it found before the tests were changed.
    """
    whole = all(each.startswith("-") or each.isdecimal() for each in sys.argv[1:])
    if whole:
        shutil.rmtree("mutants", ignore_errors=True)
    run = subprocess.run([sys.executable, "-m", "mutmut", "run", *sys.argv[1:]], check=False)  # noqa: S603 - of this environment
    explained = reasons()
    failed = run.returncode != 0
    print(f"{'module':45} {'seen':>5} {'unseen':>7} {'share':>6}  (wording)")  # noqa: T201 - what it is for
    for module, tally in tallies().items():
        print(f"{module:45} {tally.seen:5} {len(tally.unseen):7} {tally.share:6.1%}  ({tally.wording})")  # noqa: T201
        failed |= tally.share > ALLOWED or (whole and tally.untried > 0)
        for line in sorted(tally.unseen):
            reason = explained.get((module, line))
            failed |= reason is None
            print(f"    {line} | {reason or 'NO REASON GIVEN'}")  # noqa: T201
        for where, line in sorted(explained) if whole else ():
            if where == module and line not in tally.unseen:
                failed = True
                print(f"    {line} | SEEN NOW, OR GONE: NEEDS NO REASON")  # noqa: T201
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
