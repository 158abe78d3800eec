"""Prints the promises of a run as a table, with what was measured: a plugin for pytest, for ``make test-live``."""

import pytest

_OUTCOMES = (("passed", "kept"), ("failed", "**broken**"), ("error", "**broken**"), ("skipped", "not tried"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a row for each test."""
    rows = [
        (report, outcome)
        for status, outcome in _OUTCOMES
        for report in terminalreporter.stats.get(status, ())
        if isinstance(report, pytest.TestReport)
    ]
    terminalreporter.write_line("\n| promise | | measured |\n| --- | --- | --- |")
    for report, outcome in rows:
        promise = report.nodeid.rpartition("::test_")[2].replace("_", " ")
        measured = dict(report.user_properties).get("measured", "")
        terminalreporter.write_line(f"| {promise} | {outcome} | {measured} |")
    counts = {outcome: sum(1 for _, each in rows if each == outcome) for _, outcome in _OUTCOMES}
    terminalreporter.write_line("\n" + ", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
