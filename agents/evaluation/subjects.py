"""What is evaluated: an agent, a workflow or an async function, as a workflow; its fingerprint, and the input of a case as it takes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType
from typing import TYPE_CHECKING, Any

from sayso.tools.canonical import sha256
from sayso.tools.definition.tool import Tool
from sayso.tools.errors import UsageError, WorkflowError
from sayso.workflows import App, Run, Workflow, sequential
from sayso.workflows.shapes.step_functions import get_name, is_async
from sayso.workflows.workflow import LAMBDA

from ..agent import Agent
from .values import Case

if TYPE_CHECKING:
    from ..models.model import Model

AnyWorkflow = Workflow[Any, Any]
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class AppSubject(Workflow[Any, Any]):
    """An app as the subject of recorded cases, each of which names its flow."""

    def __init__(self, app: App) -> None:
        super().__init__(app.name)
        self.app = app

    async def execute(self, run: Run, value: object) -> object:
        """Refuse: only recordings say which flow is meant."""
        raise UsageError(f"An app has several flows, and this case names none. Evaluate one of them: {', '.join(self.app.names)}.")


def make_app_subject(app: App, cases: Iterable[Case]) -> AnyWorkflow:
    """Return an app as the subject of cases that are all recorded. Raises UsageError where one is not."""
    if all(case.recording for case in cases):
        return AppSubject(app)
    raise UsageError(
        f"An App has several flows, and an evaluation is of one, unless every case has a recording. Give one of them: "
        f"{', '.join(app.names) or 'it has none'}."
    )


def make_subject(subject: Any) -> AnyWorkflow:
    """Return what is to be evaluated as a workflow. Raises UsageError for what cannot be run."""
    if isinstance(subject, Workflow):
        return subject
    if isinstance(subject, type) and issubclass(subject, Workflow):
        raise UsageError(f"{subject.__name__} is a class; evaluate one of its objects: {subject.__name__}(...).")
    if not (isinstance(subject, Tool) or is_async(subject)):
        written = f"async def {get_name(subject)}(...)" if callable(subject) else "an agent, a workflow or an async function"
        raise UsageError(f"{subject!r} cannot be evaluated: it is not an agent, a workflow or an async function. Write {written}.")
    name = subject.name if isinstance(subject, Tool) else get_name(subject)
    try:
        made: AnyWorkflow = sequential(subject, name="function" if name == LAMBDA else name)
    except WorkflowError as error:
        raise UsageError(f"{name} cannot be evaluated. {error}") from None
    return made


def read_input(subject: AnyWorkflow, case: Case) -> object:
    """Return the input of a case as its subject takes it: JSON becomes the model or dataclass that it is annotated with.

    Lists and dicts are copies: what a subject changes in them is not what the next repeat begins with.
    Raises UsageError, with the place of the case, where it does not fit.
    """
    kind: Any = subject.input_type
    value = _copy_json(case.input)
    if not isinstance(value, Mapping) or not (hasattr(kind, "model_validate") or hasattr(kind, "__dataclass_fields__")):
        return value
    from pydantic import TypeAdapter, ValidationError  # late, for load time

    try:
        read: object = TypeAdapter(kind).validate_python(dict(value))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'input'}: {each['msg']}" for each in error.errors())
        raise UsageError(f"{describe_place(case)}The input is not a {getattr(kind, '__name__', kind)}: {wrong}.") from None
    return read


def _copy_json(value: object) -> object:
    if type(value) is dict:
        return {name: _copy_json(each) for name, each in value.items()}
    return [_copy_json(each) for each in value] if type(value) is list else value


def check_stand_ins(subject: AnyWorkflow, stand_ins: Mapping[str, object], where: str) -> None:
    """Raise UsageError for a stand-in of a tool that an agent does not have, or that is made of a workflow: it would be performed."""
    tools = {tool.name: tool for tool in subject.own_tools()}
    for name in stand_ins:
        if name in tools and tools[name].workflow is not None:
            raise UsageError(f"{where}{name} is a workflow as a tool, so it cannot have a stand-in. Give stand-ins to the tools inside it.")
        if name not in tools and isinstance(subject, Agent) and not any(tool.workflow for tool in tools.values()):
            raise UsageError(f"{where}stand_ins names {name!r}, and {subject.name} has no such tool. Tools: {', '.join(tools) or 'none'}.")


def describe_place(case: Case) -> str:
    """Return where a case is written and its name, as the beginning of a message."""
    return f"{case.place}: case {case.name!r}: " if case.place else f"Case {case.name!r}: "


def fingerprint(subject: AnyWorkflow) -> str:
    """Return a hash of what is evaluated: instructions, models, tools and the code of its own steps.

    Whether an interrupted evaluation may be gone on with depends on it. What its functions call elsewhere is not seen.
    """
    return sha256([subject.name, *_describe(subject, set())])[:16]


def plain_repr(value: object) -> str:
    """Return the repr of a value without addresses in memory, so that it is the same in another process."""
    return _ADDRESS.sub("", repr(value))


def _describe(subject: object, seen: set[int]) -> Iterator[object]:
    if id(subject) in seen:
        return
    seen.add(id(subject))
    if isinstance(subject, Agent):
        spec = subject.spec
        models = [_describe_model(each) for each in (spec.model_or_name, *spec.fallback)]
        output = None if spec.output is None else plain_repr(spec.output)
        yield [spec.name, models, spec.instructions, spec.examples, plain_repr(spec.sampling), spec.dialect, output]
        for tool in subject.own_tools():
            yield tool.version
            if tool.workflow is not None:
                yield from _describe(tool.workflow, seen)
    elif isinstance(subject, AppSubject):
        for name in subject.app.names:
            yield name
            yield from _describe(subject.app.flow(name), seen)
    elif isinstance(subject, Workflow):
        yield [type(subject).__name__, subject.name]
        for part in subject.parts:
            yield part.name
            yield from _describe(part.step, seen)
    elif isinstance(subject, Tool):
        yield subject.version
    else:
        yield from describe_code(subject)


def _describe_model(model: str | Model) -> list[str]:
    return [model] if isinstance(model, str) else [type(model).__name__, model.name, str(getattr(model, "base_url", ""))]


def describe_code(function: object) -> Iterator[str]:
    """Yield what tells a function from another one of its name: its code; of anything else its repr."""
    code = getattr(getattr(function, "func", function), "__code__", None)
    return iter([plain_repr(function)]) if code is None else _describe_code(code)


def _describe_code(code: CodeType) -> Iterator[str]:
    yield code.co_code.hex()
    yield repr(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _describe_code(constant)
        else:
            yield plain_repr(constant)
