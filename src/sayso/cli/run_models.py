"""The model of a stored run: the name that is stored, the model found again by it, and one for replays that is never asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

from sayso.agents.models.named import LOCAL, is_local_name
from sayso.agents.models.names import split_prefix
from sayso.cli.options import DEFAULT_MODEL, choose_model_name
from sayso.tools.errors import RunError

if TYPE_CHECKING:
    from sayso.agents import Model
    from sayso.agents.models.model import Delta, ModelRequest


def portable_model(model: str | None, base_url: str | None, name: str) -> tuple[str, str | None]:
    """Return the name and the endpoint to store of the model `name` that was found for `model` and `base_url`.

    They mean the same model in another folder, and no endpoint has to be asked again which model it has.
    """
    named = choose_model_name(model, base_url) or ""
    if is_local_name(named, base_url):
        path = Path(named.removeprefix(LOCAL)).expanduser()
        return f"{LOCAL}{path.absolute()}" if path.is_file() else named, None
    if "://" in named:
        url = named.partition("#")[0]
        return (f"{url}#{name}", None) if split_prefix(name)[0] else (name, url)
    provider, _ = split_prefix(named)
    return f"{provider.prefix}:{name}" if provider else name, base_url


def find_model(model: str | None, base_url: str | None) -> Model:
    """Return the model that a run was started with. Raises UsageError if it cannot be asked from here."""
    from sayso.agents import model_from  # late, for load time

    return model_from(model or ("" if base_url else DEFAULT_MODEL), base_url=base_url)


class ReplayModel:
    """A model's name for a replay, where no model is asked: it needs no key and no endpoint."""

    takes_tools = True

    def __init__(self, name: str) -> None:
        self.name = name

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta]:
        """Refuse: a replay does not act."""
        raise RunError(f"The model {self.name} was asked in a replay.")


def replay_model(name: str | None) -> Model:
    """Return a model of that name that is never asked. One on this machine is returned as it is: it is loaded when it is asked."""
    return find_model(name, None) if name is not None and name.startswith(LOCAL) else ReplayModel(name or "")
