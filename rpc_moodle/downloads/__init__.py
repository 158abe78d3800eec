"""The ways in which files reach a caller: in a reply, as a stream of events, over HTTP, as a ZIP."""
