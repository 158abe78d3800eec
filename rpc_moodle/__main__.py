"""``python -m rpc_moodle``: the command line."""

from rpc_moodle.cli.commands import main

if __name__ == "__main__":
    main()
