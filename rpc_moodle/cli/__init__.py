"""The command line: ``rpc-moodle COMMAND``."""
