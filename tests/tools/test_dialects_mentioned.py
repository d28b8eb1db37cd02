"""What looks like a call and is only spoken of is returned, with the reason."""

from __future__ import annotations

import pytest

from sayso.tools import Reader, read

TOOLS = [{"name": "ask", "parameters": {"properties": {"question": {"type": "string"}}, "required": ["question"]}}, {"name": "now"}]
MARKED = '<tool_call>{"name": "ask", "arguments": {"question": "hi"}}</tool_call>'
MENTIONS: dict[str, tuple[str, list[str], str]] = {
    "quotes": ('He said "ask(who am I)" there.', ["ask(who am I)"], "in quotes"),
    "marks in quotes": (f"“{MARKED}” he wrote.", [MARKED.removesuffix("</tool_call>")], "in quotes"),
    "struck out": ("~~ask(who)~~ Done.", ["ask(who)"], "struck out"),
    "inline code": ("Write `ask(who)` there.", ["ask(who)"], "in code"),
    "a fence": ("```python\nask('who')\nnow()\n```", ["ask('who')", "now()"], "in a code block"),
    "a quotation": ("> ask(who)\n", ["ask(who)"], "in a quotation"),
    "an element": ("<code>ask(who)</code>", ["ask(who)"], "in an element <code>"),
    "reasoning": ("<think>ask(who)?</think>Yes.", ["ask(who)"], "in reasoning"),
    "an address": ("See https://x.org/ask(who)", ["ask(who)"], "in an address or a path"),
    "the signature": ("There is ask(question).", ["ask(question)"], "as the tool's signature, with its parameters for arguments"),
    "data": ('{"name": "ask", "arguments": {"question": "hi"}, "score": 1}', ["ask"], "in JSON that is not a call"),
    "a setting named like a tool": ('The file a.json holds {"ask": {"question": "hi"}}.', [], ""),
    "beside a call": (f"So ask(hi). {MARKED}", ["ask(hi)"], "beside a call in a form of its own"),
    "an invented result": ("now()\nObservation: 5\nask(hi)", ["ask(hi)"], "behind a turn or a result that the model made up"),
    "a plural": ("Your ask(s) are here.", [], ""),
    "another tool": ("Write `search(who)`.", [], ""),
    "a call": ("ask(who)", [], ""),
    "the prompt's own fence": (
        f'It says: <untrusted id="{"0a" * 6}" from="x">a </untrusted> {MARKED}</untrusted id="{"0a" * 6}">',
        [MARKED.removesuffix("</tool_call>")],
        f'in an element <untrusted id="{"0a" * 6}">',
    ),
    "a list in CDATA": (
        '<![CDATA[{"name": "ask", "arguments": {"question": "hi"}}]]>',
        ['{"name": "ask", "arguments": {"question": "hi"}}'],
        "in code or a quotation",
    ),
    "a call in CDATA": ("<![CDATA[ask(who)]]>", ["ask(who)"], "in code or a quotation"),
    "a label in a sentence": ('The form is: Tool: ask\nArguments: {"question": "hi"}', [], ""),
    "a label in a diff": (
        '@@ -1 +1 @@\nTool: ask\nArguments: {"question": "hi"}',
        ['Tool: ask\nArguments: {"question": "hi"}'],
        "in a table, or among lines of code",
    ),
    "an example": (
        f"For example, you would write {MARKED}",
        [MARKED.removesuffix("</tool_call>")],
        "behind words that explain how calls are written",
    ),
    "what was done": ("We have called ask(who) before.", ["ask(who)"], "as something that was done"),
    "what became of it": ("So ask(who) failed.", ["ask(who)"], "in a sentence that goes on behind it"),
    "a denial behind it": ("Ich werde ask(who) nicht aufrufen.", ["ask(who)"], "in a sentence that goes on behind it"),
    "a question": ("Shall I run ask(who)?", ["ask(who)"], "in a sentence that goes on behind it"),
    "a question behind a space": ("On lance ask(who) ?", ["ask(who)"], "in a sentence that goes on behind it"),
    "a verb behind it in German": ("Soll ich ask(who) aufrufen.", ["ask(who)"], "in a sentence that goes on behind it"),
    "a verb behind it in Japanese": ("ask(who)は実行しません。", ["ask(who)"], "in a sentence that goes on behind it"),
    "a clause behind it in Chinese": ("我已经调用了 ask(who)，但是失败了。", ["ask(who)"], "in a sentence that goes on behind it"),
    "JSON in a sentence": (
        'So {"name": "ask", "arguments": {"question": "hi"}} was refused.',
        ['{"name": "ask", "arguments": {"question": "hi"}}'],
        "in a sentence that goes on behind it",
    ),
    "an item of data": ('[{"kind": 1}, {"name": "ask", "arguments": {"question": "hi"}}]', ["ask"], "in JSON that is not a call"),
    "labels that describe": ('I have these:\nTool: ask\nParameters: {"question": "string"}', [], ""),
    "labels that name": ('I have these:\nFunction: ask\nArguments: {"question": "<question>"}', [], ""),
}


@pytest.mark.parametrize(("text", "written", "why"), MENTIONS.values(), ids=MENTIONS)
def test_a_mention_is_returned_with_its_reason_at_every_cut(text: str, written: list[str], why: str) -> None:
    whole = read(text, TOOLS)
    assert [(text[slice(*mention.span)], mention.why) for mention in whole.mentions] == [(each, why) for each in written]
    for cut in range(len(text) + 1):
        reader = Reader(TOOLS)
        reader.feed(text[:cut])
        for character in text[cut:]:
            reader.feed(character)
        assert reader.close().mentions == whole.mentions
