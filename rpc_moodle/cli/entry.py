"""Where the command line begins: nobody looks for garbage in what it imports, which lives as long as the process."""

import gc


def main() -> None:
    """Import the commands and run one."""
    gc.disable()  # a fifth of the time of a start
    from rpc_moodle.cli import commands  # noqa: PLC0415 - after that

    gc.enable()
    commands.main()
