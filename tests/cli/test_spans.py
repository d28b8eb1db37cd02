"""Spans of a run: a collector on loopback gets them while the run goes on, and the same ones from its journal afterwards."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased

from sayso import Agent, Approve, ScriptedModel, engine, events, parallel, sequential, tool
from sayso.agents import Reply, call
from sayso.spans import SpanRecorder, Spans
from sayso.workflows import Usage

from .commands import sayso_here


@tool.read(trust="tool", secrecy="public")
async def calories(item: str) -> str:
    """Look an item up."""
    return "520 kcal"


@tool.write(card="Mail to {to}", trust="tool")
async def mail(to: str) -> str:
    """Send a mail."""
    return "sent"


def make_flow() -> Any:
    """Two agents side by side, then one that looks up, writes a mail and answers."""
    one, two = (Agent(ScriptedModel(word, repeat=True), name=word) for word in ("salt", "pepper"))
    desk = Agent(
        ScriptedModel(
            Reply(calls=(call("calories", item="burger"),), usage=Usage(10, 5, 0.25, cached_tokens=4)),
            Reply(calls=(call("mail", to="ada"),)),
            "Done.",
        ),
        name="desk",
        tools=[calories, mail],
    )
    return sequential(parallel(one, two, join=both), desk, name="lunch")


def both(one: str, two: str) -> str:
    return f"{one}, {two}"


class Collector(ThreadingHTTPServer):
    """A collector of spans: takes OTLP over HTTP, in protobuf or JSON, at the path that the protocol names."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.spans: list[dict[str, Any]] = []
        self.status = 200
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def take(self) -> dict[str, dict[str, Any]]:
        """What came since the last time, by span id."""
        spans, self.spans = self.spans, []
        return {each["spanId"]: each for each in spans}


class Receiver(BaseHTTPRequestHandler):
    """Reads one request."""

    server: Collector  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v1/traces"
        if self.headers["Content-Type"] == "application/json":
            data = json.loads(body)
            # In OTLP's JSON ids are hex, in protobuf's they are base64: parsed once so, the rest of the form is checked.
            ExportTraceServiceRequest.FromString(ParseDict(without_ids(data), ExportTraceServiceRequest()).SerializeToString())
        else:
            data = MessageToDict(ExportTraceServiceRequest.FromString(body))
            for span in each_span(data):
                for name in {"traceId", "spanId", "parentSpanId"} & span.keys():
                    span[name] = base64.b64decode(span[name]).hex()
                span["kind"] = {"SPAN_KIND_INTERNAL": 1, "SPAN_KIND_CLIENT": 3}[span["kind"]]
        self.server.spans += each_span(data)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def each_span(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in data["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            yield from scope["spans"]


def without_ids(data: dict[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(data))
    for span in each_span(copied):
        for name in ("traceId", "spanId", "parentSpanId"):
            span.pop(name, None)
    return copied


class Sender(SpanExporter):
    """Sends spans as the SDK's own exporter does: in protobuf."""

    def __init__(self, url: str) -> None:
        self.url = url

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        request = ExportTraceServiceRequest()
        into = request.resource_spans.add().scope_spans.add().spans
        for span in spans:
            context = span.get_span_context()
            assert context is not None
            sent: Any = into.add(name=span.name, start_time_unix_nano=span.start_time, end_time_unix_nano=span.end_time)
            sent.trace_id, sent.span_id = context.trace_id.to_bytes(16, "big"), context.span_id.to_bytes(8, "big")
            if span.parent is not None:
                sent.parent_span_id = span.parent.span_id.to_bytes(8, "big")
            sent.kind = {trace.SpanKind.INTERNAL: 1, trace.SpanKind.CLIENT: 3}[span.kind]
            for key, value in sorted((span.attributes or {}).items()):
                write_attribute(sent.attributes.add(key=key).value, value)
        posted = Request(f"{self.url}/v1/traces", request.SerializeToString(), {"Content-Type": "application/x-protobuf"})
        urlopen(posted).close()
        return SpanExportResult.SUCCESS


def write_attribute(into: Any, value: Any) -> None:
    match value:
        case bool():
            into.bool_value = value
        case int():
            into.int_value = value
        case float():
            into.double_value = value
        case str():
            into.string_value = value
        case _:
            for item in value:
                into.array_value.values.add(string_value=item)


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """A collector for all tests here."""
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def provider_for(collector: Collector, **options: Any) -> TracerProvider:
    """A program's own tracer provider, which sends to the collector."""
    provider = TracerProvider(shutdown_on_exit=False, **options)
    provider.add_span_processor(SimpleSpanProcessor(Sender(collector.url)))
    return provider


def attributes(span: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


def draw(spans: dict[str, dict[str, Any]], parent: str | None = None) -> list[Any]:
    """The names of spans as a tree, in the order in which they began."""
    below = [each for each in spans.values() if each.get("parentSpanId") == parent]
    names = []
    for each in sorted(below, key=lambda span: int(span["startTimeUnixNano"])):
        children = draw(spans, each["spanId"])
        names.append((each["name"], children) if children else each["name"])
    return names


CONTENT = {"only numbers": False, "with what was written": True}


@pytest.mark.parametrize("content", CONTENT.values(), ids=CONTENT)
def test_a_collector_gets_the_same_spans_live_and_from_the_journal(tmp_path: Path, collector: Collector, content: bool) -> None:
    provider = provider_for(collector)
    place = engine(f"sqlite:///{tmp_path}/runs.db", listeners=[Spans(provider, content=content)])

    async def order() -> None:
        with provider.get_tracer("a web server").start_as_current_span("POST /lunch"):  # the run is a trace of its own all the same
            result = await make_flow().run("Lunch?", engine=place, run_id="r1", user="ada")
            await result.resume({result.pending[0].digest: Approve(by="ada", place="phone")})

    asyncio.run(order())
    place.close()
    live = {key: span for key, span in collector.take().items() if span["name"] != "POST /lunch"}
    words = ["--content"] if content else []
    done = sayso_here("export", "r1", "--otlp", collector.url, *words, "--database", f"sqlite:///{tmp_path}/runs.db", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{len(live)} spans of run r1 sent" in done.stdout
    after = collector.take()
    for span in (*live.values(), *after.values()):
        span.pop("links", None)
        span.pop("status", None)
    assert after == live
    (again,) = [tree for name, tree in draw(after)]
    assert draw(after)[0][0] == "invoke_workflow lunch"
    beside, branches = again[0]
    assert (beside, sorted(branches)) == (
        "invoke_workflow parallel",
        [("invoke_agent pepper", ["chat scripted"]), ("invoke_agent salt", ["chat scripted"])],
    )
    by_name = {span["name"]: attributes(span) for span in after.values()}
    tool = by_name["execute_tool calories"]
    assert (tool["gen_ai.operation.name"], tool["gen_ai.tool.name"], tool["sayso.tool.outcome"]) == ("execute_tool", "calories", "done")
    named = {
        name: by_name[name]["gen_ai.agent.name"] for name in ("execute_tool calories", "invoke_agent salt", "invoke_workflow parallel")
    }
    assert named == {"execute_tool calories": "desk", "invoke_agent salt": "salt", "invoke_workflow parallel": "parallel"}
    approval = by_name["approval mail"]
    assert (approval["sayso.approval.decision"], approval["sayso.approval.by"], approval["sayso.approval.place"]) == (
        "approve",
        "ada",
        "phone",
    )
    chats = [attributes(span) for span in after.values() if span["name"].startswith("chat")]
    paid = next(each for each in chats if "sayso.cost_usd" in each)
    used = [paid[f"gen_ai.usage.{name}"] for name in ("input_tokens", "output_tokens", "cache_read.input_tokens")]
    assert used == ["10", "5", "4"]
    written = json.dumps(after)
    assert ("520 kcal" in written, "Lunch?" in written, "Mail to ada" in written) == (content, content, content)


async def test_spans_nest_when_a_stream_is_left_in_another_task() -> None:
    """The ways in which other frameworks lose the parents of spans: async generators, closed from elsewhere, with a span current."""
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    place = engine(listeners=[Spans(provider)])

    @tool.read
    async def wait() -> str:
        """Wait for ever."""
        await asyncio.Event().wait()
        return ""

    agent = Agent(ScriptedModel(Reply(calls=(call("wait"),)), "520."), name="desk", tools=[wait])
    following = agent.run_events("How many?", engine=place, run_id="left")
    async for event in following:
        if isinstance(event, events.ToolBegan):
            break
    await asyncio.create_task(close(following))
    spans = {each.name: each for each in kept.get_finished_spans()}
    assert set(spans) == {"invoke_agent desk", "chat scripted", "execute_tool wait"}
    root = spans["invoke_agent desk"].get_span_context()
    assert root is not None
    assert spans["invoke_agent desk"].parent is None
    parent = spans["chat scripted"].parent
    assert parent is not None
    assert (parent.trace_id, parent.span_id) == (root.trace_id, root.span_id)
    assert (spans["invoke_agent desk"].attributes or {})["sayso.run.state"] == "interrupted"


async def close(following: AsyncGenerator[Any, None]) -> None:
    await following.aclose()


async def test_a_run_is_sampled_whole_or_not_at_all(collector: Collector) -> None:
    place = engine(listeners=[Spans(provider_for(collector, sampler=ParentBased(ALWAYS_OFF)))])
    result = await make_flow().run("Lunch?", engine=place)
    await result.resume({result.pending[0].digest: Approve()})
    assert collector.take() == {}


async def test_each_failure_has_its_type_and_no_text_of_anybody() -> None:
    async def burn(value: str) -> str:
        raise ValueError("a secret of the kitchen\nand more")

    place, recorder = engine(), SpanRecorder()
    with pytest.raises(ValueError, match="kitchen"):
        await sequential(burn, name="kitchen").run("x", engine=place, run_id="r1")
    spans = [span for event in [each async for each in place.events("r1")] for span in recorder.take(event)]
    assert [(span.name, span.attributes["error.type"]) for span in spans] == [("invoke_workflow kitchen", "ValueError")]


WRONG = {
    "nobody listens": (["--otlp", "http://127.0.0.1:9"], "did not take the spans"),
    "no address": (["--otlp", "ftp://collector"], "is not an address of a collector"),
    "no folder": (["--otlp", "nowhere/spans.json"], "cannot be written"),
    "content alone": (["--content"], "--content is for spans"),
    "redacted spans": (["--otlp", "spans.json", "--redact"], "--redact is for the JSON document"),
}


def test_what_cannot_be_exported_is_told(tmp_path: Path, collector: Collector) -> None:
    place = engine(f"sqlite:///{tmp_path}/runs.db")
    asyncio.run(Agent(ScriptedModel("Hello."), name="desk").run("Hi", engine=place, run_id="r1"))
    place.close()
    kept = ("--database", f"sqlite:///{tmp_path}/runs.db")
    for words, why in WRONG.values():
        done = sayso_here("export", "r1", *words, *kept, cwd=tmp_path)
        assert (done.returncode != 0, why in done.stderr) == (True, True), done
    collector.status = 503
    done = sayso_here("export", "r1", "--otlp", collector.url, *kept, cwd=tmp_path)
    collector.status = 200
    assert "it answered 503" in done.stderr
    assert sayso_here("export", "r1", "--otlp", "spans.json", *kept, cwd=tmp_path).returncode == 0
    (spans,) = json.loads((tmp_path / "spans.json").read_text())["resourceSpans"][0]["scopeSpans"]
    assert [each["name"] for each in spans["spans"]] == ["chat scripted", "invoke_agent desk"]
    collector.take()
