import os

import pytest
from hypothesis import settings

from rpc_moodle.moodle.files import remote
from rpc_moodle.transport import retry

# The sandbox listens on this machine, which the service refuses to call unless its operator allows it.
os.environ["RPC_MOODLE_ALLOW_PRIVATE"] = "true"


# Pauses between attempts are for sites: here they would only be waited for.
retry.FIRST_PAUSE = 0.02
remote.FIRST_PAUSE = 0.01

# How long an example takes says how busy the machine is.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a site asked at once about jobs that it does not report."""
    monkeypatch.setattr("rpc_moodle.methods.panel_jobs.LOOK_SECONDS", 0.01)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in CI that skipped a test: there, all that a test can need is installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("\nA skipped test counts as failed, since CI is set.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
