"""Hand the spans of runs to OpenTelemetry while the runs go on: to whatever tracer provider the program has set up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sayso import __version__
from sayso.tools.errors import UsageError
from sayso.tools.installing import build_install_command
from sayso.workflows.events.event_types import AnyEvent, RunBegan, RunFinished

from .span_records import CLIENT, SpanRecord, SpanRecorder

if TYPE_CHECKING:
    from opentelemetry.trace import Link, TracerProvider

_SAMPLED = 1


class Spans:
    """A listener that makes spans: `engine(listeners=[Spans()])`. It needs the extra `otel`; exporting them is the provider's business.

    A span is handed on when it is over, with the times of its beginning and end. Each run is a trace of its own, linked to the span that
    was current when it began. With `content` the spans hold messages, arguments, results and cards; without, nothing that anybody wrote.
    Raises UsageError where opentelemetry-api is not installed.
    """

    def __init__(self, tracer_provider: TracerProvider | None = None, *, content: bool = False) -> None:
        try:
            from opentelemetry import trace
        except ImportError:
            raise UsageError(f"Spans need the package opentelemetry-api. Install it: {build_install_command('otel')}") from None
        self.content = content
        self._trace = trace
        self._tracer: Any = (tracer_provider or trace.get_tracer_provider()).get_tracer("sayso", __version__)
        self._ids = _DerivedIds()
        if hasattr(self._tracer, "id_generator"):  # the SDK's: this tracer alone takes its ids from us
            self._ids.others = self._tracer.id_generator
            self._tracer.id_generator = self._ids
        self._recorders: dict[str, SpanRecorder] = {}
        self._links: dict[str, list[Link]] = {}

    def __call__(self, event: AnyEvent) -> None:
        """Take an event of any run, and hand on the spans that are over with it."""
        root = event.root
        if isinstance(event, RunBegan):
            current = self._trace.get_current_span().get_span_context()
            self._links[root] = [self._trace.Link(current)] if current.is_valid else []
        for span in self._recorder(root).take(event):
            self._hand_on(span, root)
        if isinstance(event, RunFinished):
            self._recorders.pop(root, None)
            self._links.pop(root, None)

    def recall(self, events: Iterable[AnyEvent]) -> None:
        """Take in what a run did before it was resumed here, without making spans of it again."""
        for event in events:
            for _ in self._recorder(event.root).take(event):
                pass

    def _recorder(self, root: str) -> SpanRecorder:
        recorder = self._recorders.get(root)
        if recorder is None:
            recorder = self._recorders[root] = SpanRecorder(content=self.content)
        return recorder

    def _hand_on(self, span: SpanRecord, root: str) -> None:
        trace = self._trace
        context: Any = trace.set_span_in_context(trace.INVALID_SPAN)  # never the span that happens to be current
        if span.parent_id:
            flags = trace.TraceFlags(_SAMPLED if self._samples(span.trace_id, span.name) else 0)
            parent = trace.SpanContext(int(span.trace_id, 16), int(span.parent_id, 16), is_remote=False, trace_flags=flags)
            context = trace.set_span_in_context(trace.NonRecordingSpan(parent))
        self._ids.following = int(span.trace_id, 16), int(span.span_id, 16)
        made = self._tracer.start_span(
            span.name,
            context=context,
            kind=trace.SpanKind.CLIENT if span.kind == CLIENT else trace.SpanKind.INTERNAL,
            attributes=dict(span.attributes),
            links=() if span.parent_id else self._links.get(root, ()),
            start_time=span.start_ns,
        )
        self._ids.following = None
        if span.error:
            made.set_status(trace.Status(trace.StatusCode.ERROR, span.error))
        made.end(span.end_ns)

    def _samples(self, trace_id: str, name: str) -> bool:
        """Return whether the trace of a run is sampled: all of its spans, or none."""
        sampler = getattr(self._tracer, "sampler", None)
        if sampler is None:
            return True
        decision = sampler.should_sample(None, int(trace_id, 16), name).decision
        return bool(decision.is_sampled())


class _DerivedIds:
    """Gives the next span the ids that were made of its run and position; any other those of the generator before."""

    def __init__(self) -> None:
        self.following: tuple[int, int] | None = None
        self.others: Any = None

    def generate_trace_id(self) -> int:
        """Return the id of the trace of the next span."""
        return self.following[0] if self.following is not None else int(self.others.generate_trace_id())

    def generate_span_id(self) -> int:
        """Return the id of the next span."""
        return self.following[1] if self.following is not None else int(self.others.generate_span_id())

    def is_trace_id_random(self) -> bool:
        """Return that trace ids are made of the run, not by chance."""
        return False
