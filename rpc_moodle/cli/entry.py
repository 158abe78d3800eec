"""Where the command line begins: what it imports lives as long as the process, so nobody looks for garbage in it."""

import gc


def main() -> None:
    """Import the commands and run one."""
    gc.disable()  # a fifth of the time of a start
    from rpc_moodle.cli import commands  # noqa: PLC0415 - after that

    gc.freeze()
    gc.enable()
    commands.main()
