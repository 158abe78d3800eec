"""Coverage-guided fuzzing of the answer parser, by atheris: ``python -m tests.fuzz.guided SECONDS``."""

import sys
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from typing import Any


def main(seconds: int) -> None:
    """Fuzz for so long; does not return. The exit status is 0 unless something was found, which is then kept."""
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["rpc_moodle"]):
        answers: Any = import_module("tests.fuzz.answers")
    folder = Path(mkdtemp(prefix="fuzz_"))
    for number, seed in enumerate(answers.seeds()):
        (folder / f"seed{number}").write_bytes(seed)
    options = (f"-max_total_time={seconds}", "-max_len=20000", "-timeout=10", "-verbosity=0", "-print_final_stats=1")
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={folder}/found_", str(folder)], answers.take)
    atheris.Fuzz()


if __name__ == "__main__":
    main(int(sys.argv[1]))
