"""Which methods there are: a decorator that reads a handler's annotations, and a table to look events up in."""

import difflib
import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel

Handler = Callable[..., Awaitable[Any]]
H = TypeVar("H", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Method:
    """One published method.

    ``request_model`` is None for a handler that takes any payload as it comes; ``result_type`` is its return
    annotation; ``binary`` says that replies may hold bytes, ``writes`` that a call changes something at the site;
    ``needs`` are the functions that it calls there, ``instead`` those of which one will do in their place, ``gains_by``
    those that it can do without; ``doc`` is the handler's docstring.
    """

    name: str
    aliases: tuple[str, ...]
    request_model: type[BaseModel] | None
    result_type: Any
    handler: Handler
    binary: bool
    writes: bool
    needs: tuple[str, ...]
    instead: tuple[str, ...]
    gains_by: tuple[str, ...]
    doc: str


class Registry:
    """Methods by event name; a name can be given once only."""

    def __init__(self) -> None:
        self._methods: list[Method] = []
        self._by_event: dict[str, Method] = {}

    def method(  # noqa: PLR0913 - what there is to say of a method
        self,
        name: str,
        *aliases: str,
        binary: bool = False,
        writes: bool = False,
        needs: Sequence[str] = (),
        instead: Sequence[str] = (),
        gains_by: Sequence[str] = (),
    ) -> Callable[[H], H]:
        """Register ``async def handler(request: SomeModel, call: Call) -> Result`` for an event and its aliases.

        A request annotated ``object`` takes whatever payload comes. ``binary``: replies may hold bytes.
        ``writes``: a call changes something at the site, so that no key of it may be misspelt. ``needs``: the
        functions that it calls there; ``instead``: those of which one will do where ``needs`` may not be called;
        ``gains_by``: further ones that it uses where it may.
        Raises TypeError for a handler of another form, ValueError for a name that is taken.
        """

        def register(handler: H) -> H:
            if not inspect.iscoroutinefunction(handler):
                raise TypeError(f"The handler of {name} must be an async function.")
            hints = get_type_hints(handler, include_extras=True)
            parameters = list(inspect.signature(handler).parameters)
            if len(parameters) != 2 or parameters[0] not in hints or "return" not in hints:  # noqa: PLR2004 - request and call
                raise TypeError(f"The handler of {name} must be (request: Model, call: Call) -> Result, annotated.")
            annotation = hints[parameters[0]]
            model = annotation if inspect.isclass(annotation) and issubclass(annotation, BaseModel) else None
            if model is None and annotation is not object:
                raise TypeError(f"The request of {name} must be annotated with a pydantic model, or object.")
            self._add(
                Method(
                    name=name,
                    aliases=aliases,
                    request_model=model,
                    result_type=hints["return"],
                    handler=handler,
                    binary=binary,
                    writes=writes,
                    needs=tuple(needs),
                    instead=tuple(instead),
                    gains_by=tuple(gains_by),
                    doc=inspect.getdoc(handler) or "",
                )
            )
            return handler

        return register

    def _add(self, method: Method) -> None:
        for event in (method.name, *method.aliases):
            if event in self._by_event:
                raise ValueError(f"The method name {event} is registered twice.")
            self._by_event[event] = method
        self._methods.append(method)

    def merge(self, *others: "Registry") -> "Registry":
        """Return a new registry that holds this one's methods and the others'; raises ValueError for a name twice."""
        merged = Registry()
        for registry in (self, *others):
            for method in registry:
                merged._add(method)
        return merged

    def find(self, event: str) -> Method | None:
        """Return the method that an event calls, by name or alias."""
        return self._by_event.get(event)

    def nearest(self, event: object) -> list[str]:
        """Return the three events whose names are most like an unknown one."""
        by_lower = {name.lower(): name for name in self.events}
        wanted = event[:100].lower() if isinstance(event, str) else ""
        return [by_lower[name] for name in difflib.get_close_matches(wanted, by_lower, n=3, cutoff=0.0)]

    @property
    def events(self) -> tuple[str, ...]:
        """Every name and alias."""
        return tuple(self._by_event)

    def __iter__(self) -> Iterator[Method]:
        return iter(self._methods)

    def __len__(self) -> int:
        return len(self._methods)
