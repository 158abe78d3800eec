"""What the words mean that Moodle has for states, as the reference lists them."""  # noqa: INP001 - found by conf.py, part of no package

from rpc_moodle.moodle.publishing.entries import WORKFLOW_STATES

_WORKFLOW = {
    "notmarked": "nobody has begun to mark",
    "inmarking": "being marked",
    "readyforreview": "marked, and to be looked at again",
    "inreview": "being looked at again",
    "readyforrelease": "done, and not shown yet",
    "released": "shown to the student",
}
_STATUS = {
    "new": "nothing handed in yet",
    "draft": "a draft that the student can still change",
    "submitted": "handed in",
    "reopened": "a further attempt is open",
}
_GRADING = {
    "notgraded": "no grade",
    "graded": "a grade is stored",
    **{state: f"{meaning} (with marking workflow)" for state, meaning in _WORKFLOW.items()},
}


def values_section() -> str:
    """Write the values of ``status``, ``gradingstatus`` and ``workflowState``."""
    if set(_WORKFLOW) != set(WORKFLOW_STATES):
        raise ValueError("the states of the marking workflow have changed")
    named = (("status", _STATUS), ("gradingstatus", _GRADING), ("workflowState", _WORKFLOW))
    parts = ["## Values"]
    for name, values in named:
        rows = "\n".join(f"`{value}`\n: {meaning}.\n" for value, meaning in values.items())
        parts.append(f"### {name}\n\n{rows}")
    return "\n\n".join(parts)
