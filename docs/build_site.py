"""Build the documentation site: these pages, an API reference out of the docstrings, the changelog, and llms.txt.

    python docs/build_site.py [OUT]      # build/site by default; `make site`

zensical builds it: it is what the makers of Material for MkDocs go on with, installs without plugins, builds in seconds, and reports links
that lead nowhere. It is pinned to 0.0.73: from 0.1 on it needs a package, zensical-ui, that PyPI did not have on 2026-11-30.
"""

from __future__ import annotations

import importlib
import inspect
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import griffe

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
FIRST = ("run", "run_sync", "run_stream", "run_events", "resume", "as_tool")
"""The methods that stand before the others on the page of a class."""
MOST_SHOWN = 1500
"""The longest value that is shown of a name that is assigned one."""
MODULES = ("sayso", "sayso.agents", "sayso.workflows", "sayso.tools", "sayso.events", "sayso.testing")
NAV: dict[str, dict[str, str]] = {
    "Start": {"index.md": "An agent that asks", "uses.md": "The three uses", "settings.md": "Settings", "errors.md": "Errors"},
    "Guides": {
        "tools.md": "Tools",
        "approvals.md": "Approvals",
        "workflows.md": "Workflows",
        "models.md": "Models",
        "messages.md": "Messages",
        "windows.md": "Long conversations",
        "durable.md": "Durable runs",
        "events.md": "Events and spans",
        "sandbox.md": "Sandbox",
        "guards.md": "Guards",
        "secrets.md": "Secrets",
        "mcp.md": "MCP",
        "serve.md": "Serving and approving",
        "operations.md": "Operations",
        "temporal.md": "Temporal",
    },
    "How-tos": {
        "fastapi.md": "FastAPI",
        "notebook.md": "Notebooks",
        "slack.md": "Slack approvals",
        "first-mcp.md": "An agent and an MCP server",
        "testing.md": "Testing your agent",
    },
    "Built-in tools": {
        "calculator.md": "Calculator",
        "research.md": "Research",
        "web.md": "The web",
        "documents.md": "Documents",
        "dialects.md": "Reading calls",
    },
    "Measure": {
        "evaluation.md": "Evaluation",
        "comparing.md": "Comparing models and prompts",
        "feedback.md": "Feedback and money caps",
        "datasets.md": "Training data",
    },
    "Migrate": {"from-pydantic-ai.md": "From pydantic-ai", "from-langgraph.md": "From langgraph", "peers.md": "Sayso and its peers"},
    "Understand": {"architecture.md": "Architecture", "threat-model.md": "Threat model", "glossary.md": "Glossary"},
    "Examples": {"examples/README.md": "All examples"},
    "Project": {
        "CHANGELOG.md": "Changelog",
        "CONTRIBUTING.md": "Contributing",
        "SECURITY.md": "Security",
        "RESULTS.md": "Benchmark results",
    },
}
ELSEWHERE = {
    "uses.md": ROOT / "README.md",  # its part of that name: see _read
    "CHANGELOG.md": ROOT / "CHANGELOG.md",
    "CONTRIBUTING.md": ROOT / "CONTRIBUTING.md",
    "SECURITY.md": ROOT / "SECURITY.md",
    "RESULTS.md": ROOT / "benchmarks" / "RESULTS.md",
    "examples/README.md": ROOT / "examples" / "README.md",
}
TITLES = {page: title for pages in NAV.values() for page, title in pages.items()}
WORDS = {
    "approval requests?": "approval-request",
    "approvers?": "approver",
    "cards?": "card",
    "dialects?": "dialect",
    "digests?": "digest",
    "egress": "egress",
    "(?<!side )(?<!no )effects?": "effect",
    "(?<!search )engines?": "engine",
    "standing approvals?": "grant",
    "grants?": "grant",
    "hash chains?": "hash-chain",
    "idempotency keys?": "idempotency-key",
    "intents?": "intent",
    "journals?": "journal",
    "labels?": "label",
    "leases?": "lease",
    "mentions?": "mention",
    "outcomes?": "outcome",
    "policy": "policy",
    "receipts?": "receipt",
    "recordings?": "recording",
    "sandbox": "sandbox",
    "untrusted": "untrusted-text",
    "unvouched": "unvouched",
    "workers?": "worker",
}
"""The words of this project that a newcomer has to ask about: on each page the first one leads to the glossary."""
MEANT_OTHERWISE = {
    "card": ("guards.md", "comparing.md", "datasets.md", "documents.md", "research.md"),
    "engine": ("sandbox.md",),
    "label": ("datasets.md", "comparing.md", "research.md"),
    "mention": ("research.md", "web.md", "documents.md", "models.md"),
    "policy": ("documents.md", "guards.md"),
    "worker": ("sandbox.md", "web.md", "documents.md", "research.md", "architecture.md", "threat-model.md", "calculator.md"),
}
"""Pages on which a word is an ordinary one: payment cards, labels of a data set, the processes of the sandbox."""
PARTS = re.compile(r"(`[^`]*`|!?\[[^\]]*\]\([^)]*\)|<[^>]*>)")
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def main() -> int:
    """Build the site, and return 1 if a page has a link that leads nowhere or a public name is on no page."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "site").resolve()
    work = out.parent / f"{out.name}-pages"
    shutil.rmtree(work, ignore_errors=True)
    pages = work / "docs"
    (pages / "examples").mkdir(parents=True)
    sources = {**{page.name: page for page in sorted(DOCS.glob("*.md"))}, **ELSEWHERE}
    for name, source in sources.items():
        text = _lead_inside(source, name, sources)
        (pages / name).write_text(_explain_words(text, name) if source.parent == DOCS or name == "uses.md" else text, encoding="utf-8")
    for picture in (*DOCS.glob("*.svg"), *DOCS.glob("*/*.png")):
        target = pages / picture.relative_to(DOCS)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(picture, target)
    shutil.copy(DOCS / "site.css", pages)
    reference = write_reference(pages)
    (work / "zensical.toml").write_text(_settings([*sources, *reference]), encoding="utf-8")
    built = subprocess.run([sys.executable, "-m", "zensical", "build", "--clean"], cwd=work, capture_output=True, text=True, check=False)
    told = re.sub(r"\x1b\[[0-9;]*m", "", built.stdout + built.stderr)
    print(told.strip())
    if built.returncode:
        return 1
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(work / "site", out)
    (out / "llms.txt").write_text(_list_for_models(sources), encoding="utf-8")
    missing = [name for name in _list_public() if name not in reference.names]
    print(f"{len(sources) + len(reference)} pages, {len(reference.names)} names in the reference; {out}")
    if missing:
        print(f"Not in the reference: {missing}.")
    return int(built.returncode != 0 or "Warning" in told or re.search(r"\d issues? found", told) is not None or bool(missing))


class Reference(dict[str, str]):
    """The pages of the reference by file, and the dotted names that they describe."""

    names: set[str]


def write_reference(pages: Path) -> Reference:
    """Write a page for each public module, and return them."""
    loader = griffe.GriffeLoader(search_paths=[str(ROOT / "src")], allow_inspection=False)
    loader.load("sayso")
    made = Reference()
    made.names = set()
    (pages / "api").mkdir()
    for module in MODULES:
        parts = [f"# {module}\n\n{inspect.getdoc(importlib.import_module(module)) or ''}\n"]
        for name in _list_names(module):
            parts.append(_describe(loader, module, name))
            made.names.add(f"{module}.{name}")
        made[f"api/{module}.md"] = module
        (pages / f"api/{module}.md").write_text("\n".join(parts), encoding="utf-8")
    return made


def _list_names(module: str) -> list[str]:
    """Return the public names of a package: those that its `__init__` lists."""
    found = importlib.import_module(module)
    listed = getattr(found, "__all__", None) or [name for name in dir(found) if not name.startswith("_")]
    ours = [name for name in listed if not inspect.ismodule(getattr(found, name, None))]
    return sorted(
        name
        for name in ours
        if name not in ("annotations", "TYPE_CHECKING", "lazily") and str(getattr(found, name)) != "typing.TYPE_CHECKING"
    )


def _list_public() -> list[str]:
    return [f"{module}.{name}" for module in MODULES for name in _list_names(module)]


def _describe(loader: griffe.GriffeLoader, module: str, name: str) -> str:
    """Return the part of a page about one name: its signature, its docstring, and for a class its members."""
    value = getattr(importlib.import_module(module), name)
    found = _find(loader, value, name)
    if isinstance(found, griffe.Function):
        return f"## {name}\n\n{_code(_signature(found, name))}\n\n{_text(found)}\n"
    if isinstance(found, griffe.Class):
        whole = "dataclass" in found.labels or any(str(base).partition("[")[0] == "Protocol" for base in found.bases)
        listed = (each for each in found.members.values() if _is_public(each) and (whole or _is_used(each.name)))
        public = sorted(listed, key=lambda each: each.name not in FIRST)
        members = [_describe_member(each) for each in public]
        bases = ", ".join(str(base).rpartition(".")[2] for base in found.bases)
        made = found.members.get("__init__")
        made_by = (
            f"\n\n{_code(_signature(made, name).removeprefix('def ').removesuffix(' -> None'))}"
            if isinstance(made, griffe.Function)
            else ""
        )
        head = _code(f"class {name}({bases})" if bases else f"class {name}")
        return f"## {name}\n\n{head}{made_by}\n\n{_text(found)}\n\n{''.join(members)}"
    assigned = _find_assigned(loader, module, name)
    ours = type(value).__module__.startswith("sayso")  # Python's own types describe themselves, not what we use them for
    read = assigned or found
    described = _text(read) if read is not None else ""
    return f"## {name}\n\n{_code(_assignment(assigned, name, value))}\n\n{described or (inspect.getdoc(value) or '' if ours else '')}\n"


def _assignment(assigned: griffe.Attribute | None, name: str, value: object) -> str:
    """Return what a name is: its hint and value as they are written, a union with a type in a line."""
    if assigned is None:
        return f"{name}: {type(value).__name__}"
    hint = f": {assigned.annotation}" if assigned.annotation is not None else ""
    shown = f" = {assigned.value}" if assigned.value is not None and len(str(assigned.value)) < MOST_SHOWN else ""
    line = f"{name}{hint}{shown}"
    return line if len(line) <= 100 else line.replace(" | ", "\n    | ")


def _find(loader: griffe.GriffeLoader, value: object, name: str) -> griffe.Object | None:
    """Return what griffe read of an object, by the module and name that it says it is from."""
    place = getattr(value, "__module__", None)
    called = getattr(value, "__qualname__", None) or name
    for dotted in (f"{place}.{called}", f"{place}.{name}"):
        try:
            found = loader.modules_collection[dotted]
        except (KeyError, AttributeError):
            continue
        if isinstance(found, griffe.Alias):
            found = found.final_target
        if isinstance(found, griffe.Object):
            return found
    return None


def _find_assigned(loader: griffe.GriffeLoader, module: str, name: str) -> griffe.Attribute | None:
    """Return what griffe read of a value that has a name in a module: a constant, a union of types."""
    try:
        found = loader.modules_collection[f"{module}.{name}"]
        found = found.final_target if isinstance(found, griffe.Alias) else found
    except (KeyError, AttributeError, griffe.AliasResolutionError):
        return None
    return found if isinstance(found, griffe.Attribute) else None


def _is_public(member: griffe.Object | griffe.Alias) -> bool:
    return (
        not member.name.startswith("_")
        and isinstance(member, (griffe.Function, griffe.Attribute))
        and (bool(member.docstring) or isinstance(member, griffe.Function) or member.annotation is not None)
    )


@cache
def _read_uses() -> str:
    pages = [ROOT / "README.md", *DOCS.glob("*.md"), *(ROOT / "examples").rglob("*.py")]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def _is_used(name: str) -> bool:
    """Tell whether a page or an example uses a member. The others are for the rooms of Sayso, which import each other's public names."""
    return name in FIRST or re.search(rf"[.`]{name}\b", _read_uses()) is not None


def _describe_member(member: griffe.Object | griffe.Alias) -> str:
    if isinstance(member, griffe.Function):
        return f"### {member.name}\n\n{_code(_signature(member, member.name))}\n\n{_text(member)}\n\n"
    if isinstance(member, griffe.Attribute):
        default = f" = {member.value}" if member.value is not None and len(str(member.value)) < 60 else ""
        return f"- `{member.name}: {member.annotation}{default}`{': ' + ' '.join(_text(member).split()) if member.docstring else ''}\n"
    return ""


def _signature(function: griffe.Function, name: str) -> str:
    """Return a function's signature as it is written, a parameter in a line where it is long."""
    parts = list(_parameters(function))
    start = "async def" if "async" in function.labels else "def"
    end = f") -> {function.returns}" if function.returns is not None else ")"
    line = f"{start} {name}({', '.join(parts)}{end}"
    return line if len(line) <= 100 else "\n".join([f"{start} {name}(", *(f"    {part}," for part in parts), end])


def _parameters(function: griffe.Function) -> Iterator[str]:
    named = False
    for each in function.parameters:
        if each.name in ("self", "cls"):
            continue
        kind = each.kind
        if kind is griffe.ParameterKind.keyword_only and not named:
            named = True
            yield "*"
        named = named or kind is griffe.ParameterKind.var_positional
        stars = "*" if kind is griffe.ParameterKind.var_positional else "**" if kind is griffe.ParameterKind.var_keyword else ""
        default = f" = {each.default}" if each.default is not None and not stars else ""
        yield f"{stars}{each.name}{f': {each.annotation}' if each.annotation is not None else ''}{default}"


def _code(text: str) -> str:
    return f"```python\n{text}\n```"


def _text(found: griffe.Object) -> str:
    return inspect.cleandoc(found.docstring.value) if found.docstring is not None else ""


def _lead_inside(source: Path, name: str, sources: dict[str, Path]) -> str:
    """Return a page whose links to other pages lead to where they stand on the site; a link to other files becomes their names."""
    at = {path.resolve(): page for page, path in sources.items()}
    up = "../" * name.count("/")

    def replace(link: re.Match[str]) -> str:
        text, target, part = link[1], link[2], link[3] or ""
        if "://" in target or target.startswith("mailto:"):
            return link[0]
        file = (source.parent / target).resolve()
        if file == ROOT / "README.md":
            return f"[{text}]({up}{'uses.md' if part == '#the-three-uses' else 'index.md'})"
        if file in at:
            is_path = text.strip("`") in (target, at[file], f"docs/{at[file]}")  # on the site a page goes by its title
            return f"[{TITLES.get(at[file], text) if is_path else text}]({up}{at[file]}{part})"
        if not file.exists():
            return link[0]  # zensical reports it
        shown = file.relative_to(ROOT).as_posix()
        return text if text.strip("`") == file.name else f"{text} (`{shown}`)"

    return LINK.sub(replace, _read(source, name))


def _read(source: Path, name: str) -> str:
    """Return the text of a page: the file's, or of README the part about the three uses."""
    text = source.read_text(encoding="utf-8")
    if name != "uses.md":
        return text
    part = text.partition("## The three uses\n")[2].partition("\n## ")[0]
    return "# The three uses\n" + part.replace("\n### ", "\n## ")


def _explain_words(text: str, name: str) -> str:
    """Return a page on which the first use of each word of ours leads to the glossary. Headings, tables and code stay as they are."""
    if name in ("glossary.md", "index.md"):
        return text
    left = {word: entry for word, entry in WORDS.items() if name not in MEANT_OTHERWISE.get(entry, ())}
    lines, fenced = text.split("\n"), False
    for number, line in enumerate(lines):
        fenced ^= line.startswith("```")
        if fenced or line.startswith(("#", "|", "```", "    ")):
            continue
        parts = PARTS.split(line)
        for word, entry in tuple(left.items()):
            pattern = re.compile(rf"(?<![\w.-])(?:{word})(?![\w-])", re.IGNORECASE)
            for at in range(0, len(parts), 2):  # the others are code and links
                if found := pattern.search(parts[at]):
                    linked = f"[{found[0]}](glossary.md#{entry})"
                    parts[at : at + 1] = [parts[at][: found.start()], linked, parts[at][found.end() :]]
                    left = {other: entry_ for other, entry_ in left.items() if entry_ != entry}
                    break
        lines[number] = "".join(parts)
    return "\n".join(lines)


def _settings(pages: list[str]) -> str:
    """Return zensical's settings, with the pages that there are."""
    parts = []
    known = {name for names in NAV.values() for name in names}
    more = {name: name.removesuffix(".md").capitalize() for name in pages if name not in known and "/" not in name}
    for title, names in {**NAV, "Guides": {**NAV["Guides"], **more}}.items():
        items = ", ".join(f'{{ "{shown}" = "{name}" }}' for name, shown in names.items() if name in pages)
        if items:
            parts.append(f'    {{ "{title}" = [{items}] }},')
    api = ", ".join(f'{{ "{module}" = "api/{module}.md" }}' for module in MODULES)
    parts.append(f'    {{ "API reference" = [{api}] }},')
    nav = "\n".join(parts)
    return f"""[project]
site_name = "Sayso"
site_description = "Agents that act only on your say-so."
docs_dir = "docs"
extra_css = ["site.css"]
site_dir = "site"
nav = [
{nav}
]

[project.theme]
font = false
features = ["navigation.sections", "navigation.top", "navigation.footer", "content.code.copy", "search.highlight", "toc.follow"]

[[project.theme.palette]]
scheme = "default"
toggle.icon = "lucide/sun"
toggle.name = "Dark"

[[project.theme.palette]]
scheme = "slate"
toggle.icon = "lucide/moon"
toggle.name = "Light"

[project.markdown_extensions.toc]
permalink = true
[project.markdown_extensions.tables]
[project.markdown_extensions.pymdownx.highlight]
[project.markdown_extensions.pymdownx.superfences]
custom_fences = [{{ name = "mermaid", class = "mermaid", format = "pymdownx.superfences.fence_code_format" }}]
"""


def _list_for_models(sources: dict[str, Path]) -> str:
    """Return llms.txt (llmstxt.org): each page with its first sentence, for a model that looks for the right one."""
    lines = ["# Sayso", "", "> A Python framework for agents that act only on your say-so.", ""]
    for title, names in NAV.items():
        found = [name for name in names if name in sources]
        lines += [f"## {title}", ""] if found else []
        for name in found:
            text = _read(sources[name], name)
            heading = re.search(r"^# (.+)", text, re.M)
            body = re.sub(r"^#.*$", "", re.sub(r"```.*?```", "", text, flags=re.S), flags=re.M).strip().split("\n\n")[0]
            first = LINK.sub(r"\1", " ".join(body.split())).split(". ")[0].rstrip(".:")
            where = "" if name == "index.md" else f"{name.removesuffix('.md').removesuffix('README')}".rstrip("/") + "/"
            lines.append(f"- [{heading[1] if heading else name}]({where}): {first}.")
        lines.append("")
    lines += ["## API reference", "", *(f"- [{module}](api/{module}/)" for module in MODULES), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
