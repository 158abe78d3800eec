"""Stored files of a Moodle site: their addresses, what headers say of them, fetching them proven and resumed."""
