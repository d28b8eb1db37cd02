"""A dialect compiled for one set of tools: its markers, and the regular expressions that find where a call may begin."""

from __future__ import annotations

import re
from collections.abc import Collection

from .dialect import FORMS
from .elements import Element, tool_element
from .markers import CALLS_ENDING_REASONING, ELEMENTS, FAMILIES, FENCES, MARKS, NAME_SEPARATORS, SECTIONS, CallSection
from .signatures import ToolSignatures

AFTER_BRACE = r"[\"'“/#}A-Za-z_]"
# Each trigger begins with one literal character: where one does not (a set of two is enough), `re` searches prose a tenth as fast. The
# lookaheads keep most other uses of the character out; each also matches at the end of the text, where what follows has not arrived yet.
_TRIGGERS = (
    r"\[(?=\s*(?:\{|\Z|[^\W\d][\w.\-:/]{0,128}(?:\(|\Z)))",
    rf"\{{(?=\s*{AFTER_BRACE}|\s*\Z)",
    r"`(?=``)",
    r"~(?=~~)",
    r":(?:(?<=Action:)|(?<=Observation:)|(?<=Action \d:)|(?<=Observation \d:)|(?<=Instruction:)|(?<=# Input:)|(?<=# System:)"
    r"|(?<=Tool:)|(?<=TOOL:)|(?<=TOOL_NAME:)|(?<=\[tool:)|(?<=Function:)|(?<=[Cc]all:)|(?<=\w\):)|(?<=[Nn]ame:)"
    r"|(?i:(?<=human:)|(?<=user:)|(?<=response:)|(?<=result:)|(?<=results:)|(?<=output:)|(?<=[*\]]:)))",
    r":(?<=户.|ー.|자.)",
    r"：(?<=户.|ー.|자.)",
    r"\](?=<\]|~b\]|<?\Z|~b?\Z)",
    r"◁",
    r"✿",
    r"\{(?=\{\s{0,8}[\"']|\\\"|\{\s{0,8}\Z|\\?\Z)",
    r">(?=>>[A-Za-z_]|>{0,2}\Z)",
    *(rf"\{bracket}\{bracket}{{15}}" for bracket in "(<[{"),  # no call begins inside such a run, so it is skipped as one
)
# A prefix that no model is known for, before the name of an element for calls; or what may become one.
_PREFIXED = (r"[A-Za-z][\w\-]{0,40}(?::(?:invoke|function|tool_|call|\w{0,12}\Z)|(?<=_call)s?>|(?<=_calls)>|\Z)", r"｜")
_LETTERS = "A-Za-z_\u00c0-\u024f\u0370-\u052f"  # of alphabets that put spaces between words
_MARKER_HEAD = 5  # characters of a marker that the trigger looks at
_BRACKET_RUN = re.compile("|".join(rf"\{bracket}{{16,}}" for bracket in "(<[{"))
_NAMESPACES = ("functions", "tools", "default_api")


class CompiledDialect:
    """What a scan looks for. Compiled once for each set of tools, dialect and `native` (see ToolSignatures.compiled)."""

    def __init__(self, tools: ToolSignatures, name: str, native: bool, only: frozenset[str] = frozenset()) -> None:
        forms = only or FORMS[name]
        self.forms: frozenset[str] = forms
        self.native: bool = native
        # Where the endpoint takes tools natively, prose that says NAME(...) speaks of a tool, unless its value may stand there.
        self.names: tuple[str, ...] = tuple(tool.name for tool in tools.by_name.values() if tool.is_pure or not native)
        self.sections: dict[str, CallSection] = {marker: section for marker, section in SECTIONS.items() if section.forms & forms}
        self.elements: dict[str, Element] = {
            **{f"<{name}": element for name, tool in tools.by_name.items() if "cline" in forms and (element := tool_element(tool))},
            **{marker: element for marker, element in ELEMENTS.items() if any(marker in FAMILIES[form].elements for form in forms)},
        }
        self.fences: dict[str, Element] = {info: element for info, (form, element) in FENCES.items() if form in forms}
        self.prefixed: bool = not forms.isdisjoint(("anthropic", "glm", "hermes"))
        self.calls_ending_reasoning: dict[str, tuple[str, ...]] = {
            marker: ends for marker, ends in CALLS_ENDING_REASONING.items() if marker in self.sections
        }
        # Without tools any word could be a name and would be held back, so these are only looked for where the dialect was named.
        self.name_separators: tuple[str, ...] = tuple(
            marker for marker, of in NAME_SEPARATORS.items() if of in forms and (tools.by_name or name != "auto" or only)
        )
        self.call_fences: bool = not only or not only.isdisjoint(
            ("json", "python", "gemma")
        )  # whose info string says that a call is in them
        self.call: bool = "call" in forms and bool(self.names)
        markers = MARKS | {*self.sections, *self.elements, *self.name_separators}
        self.marker: re.Pattern[str] = re.compile("|".join(map(re.escape, sorted(markers, key=len, reverse=True))))
        self.marker_prefixes: frozenset[str] = frozenset(marker[:size] for marker in markers for size in range(1, len(marker)))
        self.longest_marker: int = max(map(len, markers))
        openings = (_match_before_marker(markers, character, _PREFIXED if self.prefixed and character == "<" else ()) for character in "<[")
        names = (_match_parenthesis_after_name(self.names),) if self.call else ()
        self.trigger: re.Pattern[str] = re.compile("|".join((*names, *openings, *_TRIGGERS)))
        self.stripped_trigger: re.Pattern[str] = re.compile(rf"{self.trigger.pattern}|a(?=ss|s?\Z)") if "harmony" in forms else self.trigger
        # So much text behind a parenthesis decides whether it is the tool's signature; 8 for spaces and brackets around the name.
        self.longest_parameter: int = 8 + max((len(key) for tool in tools.by_name.values() for key in tool.properties), default=0)
        self.name_window: int = max(tools.longest_name, len("functools")) + 4  # characters to look back for a tool's name
        self.name_prefixes: frozenset[str] = self._collect_name_prefixes(tools)
        self.name_before_parenthesis: re.Pattern[str] = _compile_name_before_parenthesis(self.names)
        self.name_on_line: re.Pattern[str] | None = _compile_name_on_line(tools) if tools.by_name and "json" in forms else None

    def _collect_name_prefixes(self, tools: ToolSignatures) -> frozenset[str]:
        """Return what prose may end in and still become a tool's name, of a call in a sentence or on a line of its own."""
        words = set(tools.prefixes) if self.call or "json" in self.forms else set()
        if self.call or self.name_separators:
            words |= {f"{namespace}."[:size] for namespace in _NAMESPACES for size in range(1, len(namespace) + 2)}
            words |= {f"{namespace}.{word}" for namespace in _NAMESPACES for word in tools.prefixes}
        if "functools[" in self.sections:
            words |= {"functools"[:size] for size in range(1, len("functools") + 1)}
        return frozenset(words)


def _match_before_marker(markers: frozenset[str], character: str, more: Collection[str]) -> str:
    """Return a pattern for the character where a marker that begins with it, or one of the patterns `more`, may follow."""
    heads = {marker[1:_MARKER_HEAD] for marker in markers if marker[0] == character}
    prefixes = {head[:size] for head in heads for size in range(len(head))}
    follow = [*map(re.escape, sorted(heads)), *(rf"{re.escape(prefix)}\Z" for prefix in sorted(prefixes)), *more]
    return rf"{re.escape(character)}(?={'|'.join(follow)})"


def _match_parenthesis_after_name(names: Collection[str]) -> str:
    """Return a pattern for a parenthesis that follows the last letter of a tool's name."""
    last = {letter for name in names for letter in (name[-1:].lower(), name[-1:].upper()) if letter}
    if not last:
        return r"\((?!)"  # there is no name
    return rf"\((?<=[{''.join(map(re.escape, sorted(last)))}]\()"


def _join_names(names: Collection[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


def _compile_name_before_parenthesis(names: Collection[str]) -> re.Pattern[str]:
    """Compile the pattern of a tool's name at the end of the text before a parenthesis: group 1, or group 2 where a word runs into it."""
    # A name may follow a digit or a Chinese character, but not a letter: "26CALCULATOR(" calls, "REORDER(" does not. Behind a full
    # stop or a small letter only a name in capitals is one: "flour.CALCULATOR(2)" and "isCALCULATOR(2)" call, "re.search(x)" does not.
    # "def NAME(" defines a function.
    apart = rf"(?<!def )(?<![{_LETTERS}])(?<![A-Za-z_]\d)"
    namespace = rf"(?:{'|'.join(_NAMESPACES)})\."
    lead = rf"{apart}(?:{namespace}|(?<!\.)|(?-i:(?=[A-Z][A-Z_]+\Z)(?<=[a-z\d]\.)))"
    glued = "|".join(re.escape(name) for name in names if len(name) > 3 and name.isupper())
    return re.compile(rf"{lead}({_join_names(names) or '(?!)'})\Z|(?-i:(?<=[a-z])({glued or '(?!)'})\Z)", re.IGNORECASE)


def _compile_name_on_line(tools: ToolSignatures) -> re.Pattern[str]:
    """Compile the pattern of a tool's name on a line of its own, with JSON below it: group 2 is the name, group 1 what belongs to it.

    `:0` may follow it: Kimi numbers its calls, and some servers leave out the markers around them. It may stand in brackets.
    """
    names = _join_names(tools.by_name)
    return re.compile(
        rf"(?:^|\n)[ \t]*((?:functions\.|(?P<bracket>\[))?({names})(?(bracket)\]))(?::\d{{1,3}})?[ \t]*"
        r"(?::?[ \t]*|:?\n {0,3}|\n```json\n[ \t]*)\Z",  # what is indented by more is code
        re.IGNORECASE,
    )


def skip_run(text: str, position: int) -> int:
    """Return the next offset where a call may begin: the last of a run of brackets, or the next character."""
    run = _BRACKET_RUN.match(text, position)
    return run.end() - 1 if run else position + 1
