"""The switchboard: which requests meet which fault, set in Python or over HTTP at ``/__faults``."""

from __future__ import annotations

from fnmatch import fnmatchcase
from random import Random
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rpc_moodle.sandbox.faults import Fault, Harm

PATH: Final = "/__faults"


class Rule(BaseModel):
    """A fault, and the requests that it strikes: all, unless said otherwise.

    ``function`` and ``path`` are patterns with ``*``; a rule with a function strikes no files. ``times`` is for how
    many requests it holds. ``probability`` is that of each request, drawn from ``seed``, so that it can be had again.
    ``seconds``, ``status``, ``retry_after`` and ``location`` are those of :class:`rpc_moodle.sandbox.faults.Harm`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    fault: Fault
    function: str = "*"
    path: str = "*"
    times: Annotated[int, Field(ge=1)] | None = None
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    seed: int = 0
    seconds: Annotated[float, Field(ge=0)] = 1.0
    status: Annotated[int, Field(ge=200, le=599)] = 503
    retry_after: Annotated[float, Field(ge=0)] | None = None
    location: str = "https://elsewhere.invalid/webservice/rest/server.php"

    @property
    def harm(self) -> Harm:
        """What happens to a request that it strikes."""
        return Harm(self.fault, self.seconds, self.status, self.retry_after, self.location)


_RULES: Final[TypeAdapter[list[Rule]]] = TypeAdapter(list[Rule])


class Switchboard:
    """The rules of one site; the first that strikes a request decides.

    Whoever reaches the sandbox may set them: it holds no real data, and is itself made to be misused.
    """

    def __init__(self) -> None:
        """Begin with no rule."""
        self._rules: list[_Counted] = []

    def set(self, *rules: Rule) -> None:
        """Put these rules in the place of all others."""
        self._rules = [_Counted(rule) for rule in rules]

    def clear(self) -> None:
        """Let every request go on."""
        self._rules = []

    def show(self) -> list[dict[str, Any]]:
        """Give the rules as JSON values, each with how many requests it has struck."""
        return [{**counted.rule.model_dump(mode="json"), "struck": counted.struck} for counted in self._rules]

    def choose(self, function: str, path: str) -> Harm | None:
        """Choose what happens to a request; ``function`` is empty for files and pages."""
        for counted in self._rules:
            if counted.strikes(function, path):
                return counted.rule.harm
        return None

    async def answer(self, request: web.Request) -> web.Response:
        """Serve ``/__faults``: GET shows the rules, PUT sets them from a JSON object or a list, DELETE clears them."""
        if request.method == "PUT":
            try:
                given = await request.json()
                self.set(*_RULES.validate_python(given if isinstance(given, list) else [given]))
            except ValidationError as error:
                problems = error.errors(include_url=False, include_context=False)
                return web.json_response({"problems": problems}, status=400)
            except ValueError:
                return web.json_response({"problems": ["it is no JSON"]}, status=400)
        elif request.method == "DELETE":
            self.clear()
        elif request.method != "GET":
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "PUT", "DELETE"])
        return web.json_response({"rules": self.show(), "faults": list(Fault)})


class _Counted:
    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.struck = 0
        self._random = Random(rule.seed)  # noqa: S311 - chance that can be had again, not a secret

    def strikes(self, function: str, path: str) -> bool:
        """Tell whether it strikes this request, and count it if so."""
        rule = self.rule
        if rule.times is not None and self.struck >= rule.times:
            return False
        if not fnmatchcase(function, rule.function) or not fnmatchcase(path, rule.path):
            return False
        if rule.probability < 1 and self._random.random() >= rule.probability:
            return False
        self.struck += 1
        return True
