"""Delete from an image what the service does not need and an intruder would: shells, package managers, perl, pip.

Python does it, as no shell is left to. Run by the Dockerfile.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ("usr/bin", "usr/sbin", "usr/games", "usr/local/bin", "usr/local/sbin")
KEPT = ("python", "python3")
FOLDERS = (
    "usr/lib/apt",
    "usr/lib/dpkg",
    "usr/share/perl",
    "usr/share/perl5",
    "var/cache",
    "var/lib/apt",
    "var/lib/dpkg",
)
PYTHON = ("ensurepip", "site-packages")


def unneeded(root: Path) -> Iterator[Path]:
    """Yield what is to go."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for folder in PROGRAMS:
        yield from (path for path in sorted((root / folder).glob("*")) if path.name not in {*KEPT, version})
    yield from (root / folder for folder in FOLDERS)
    yield root / "tmp" / Path(__file__).name
    yield from (root / "usr/local/lib" / version / folder for folder in PYTHON)


def main(root: Path) -> None:
    """Delete it."""
    for path in unneeded(root):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
