import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "container" / "bare.py"


def test_of_the_programs_python_alone_is_left(tmp_path: Path) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = tmp_path / "usr/local/lib" / version
    for folder in ("usr/bin", "usr/sbin", "usr/local/bin", f"usr/local/lib/{version}/site-packages/pip", "etc/ssl"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("usr/bin/dash", "usr/bin/apt", f"usr/local/bin/{version}", "usr/local/bin/pip", "etc/ssl/cert.pem"):
        (tmp_path / name).touch()
    (tmp_path / "usr/bin/sh").symlink_to("dash")
    (tmp_path / "usr/local/bin/python").symlink_to(version)
    (library / "json.py").touch()

    subprocess.run([sys.executable, str(SCRIPT), str(tmp_path)], check=True)  # noqa: S603 - a script of ours

    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if not path.is_dir()}
    assert left == {
        f"usr/local/bin/{version}",
        "usr/local/bin/python",
        "etc/ssl/cert.pem",
        f"usr/local/lib/{version}/json.py",
    }
