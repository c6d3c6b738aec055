"""Options that many commands share, written once: a call object is made of them and handed over.

Typer reads a command's options off its signature; `with_shared` puts more behind a command's own.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
Call = TypeVar("Call")
NEEDED = inspect.Parameter.empty


def option(name: str, kind: Any, default: Any = NEEDED) -> inspect.Parameter:
    """One shared option: its name, its annotation for Typer, what it is if not given."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def with_shared(
    make: Callable[..., Call], shared: Sequence[inspect.Parameter]
) -> Callable[[Callable[Concatenate[Call, P], None]], Callable[..., None]]:
    """A decorator: `make` is called with the shared options, its result is the first argument."""

    def decorate(command: Callable[Concatenate[Call, P], None]) -> Callable[..., None]:
        def run(*arguments: P.args, **options: P.kwargs) -> None:
            taken: dict[str, Any] = {each.name: options.pop(each.name) for each in shared}
            command(make(**taken), *arguments, **options)

        own = list(inspect.signature(command).parameters.values())[1:]
        parameters = [each.replace(kind=each.KEYWORD_ONLY) for each in own] + [*shared]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        run.__doc__ = command.__doc__
        run.__name__ = command.__name__
        return run

    return decorate
