"""Mentions: what a reply says of a tool without calling it. Each is prose, however the stream is cut; its neighbours are calls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.tools import Reader, read, tool
from sayso.tools.dialects import CallRead, CallWithdrawn, Reading, TextRead


@tool.read
def remove_row(row: int) -> str:
    """Removes a row."""
    return ""


@tool.read
def search(query: str, limit: int = 5) -> str:
    """Searches."""
    return ""


@tool.pure(name="CALCULATOR")
def calculator(expression: str) -> str:
    """Calculates."""
    return expression


TOOLS = [remove_row, search, calculator]

REMOVAL = '<tool_call>{"name": "remove_row", "arguments": {"row": 7}}</tool_call>'
FENCED = '```json\n{"name": "remove_row", "arguments": {"row": 7}}\n```'
MENTIONS = {
    "a block quote": "> Dear team,\n> please remove_row(7)\n> Thanks",
    "a block quote in a block quote": ">> remove_row(7)",
    "a block quote in a list": "- He wrote:\n  > remove_row(7)",
    "a block quote in a numbered list": "1. He wrote:\n   > remove_row(7)",
    "code indented by a tab": "Example:\n\n\tremove_row(7)\n",
    "the middle of a table cell": "| a | b |\n|---|---|\n| del | run remove_row(7) now |",
    "a table without outer bars": "a | b\n--|--\nremove_row(7) | deletes",
    "polish": "Napisano „remove_row(7)”.",
    "swedish": "Det står ”remove_row(7)” där.",
    "danish": "Der står »remove_row(7)« der.",
    "chinese": "他说“请 remove_row(7) 吧”。",
    "single sentence": "The mail says 'please remove_row(7) now' and no more.",
    "curly single": "The mail says ‘don’t forget to remove_row(7) today’ twice.",
    "low single": "Er schrieb ‚bitte remove_row(7)‘ dazu.",
    "angle single": "Il dit ‹remove_row(7)›.",
    "double corner": "『remove_row(7)』と書いてある。",
    "book": "见《remove_row(7)》。",
    "multi-line quote": "She wrote: “Hi,\nremove_row(7)\nthanks” and left.",
    "html code": "Use <code>remove_row(7)</code>.",
    "html code attr": "Use <code class='x'>remove_row(7)</code>.",
    "html kbd": "Type <kbd>remove_row(7)</kbd>.",
    "blockquote": "<blockquote>\nplease remove_row(7)\n</blockquote>",
    "comment multi": "<!--\nremove_row(7)\n-->\nok",
    "script": "<script>remove_row(7)</script>",
    "del": "<del>remove_row(7)</del>",
    "strike": "~~remove_row(7)~~ is gone",
    "zsh": "% remove_row(7)",
    "root": "# remove_row(7)",
    "user@host": "ada@box:~/src$ remove_row(7)",
    "venv": "(venv) $ remove_row(7)",
    "the prompt of PowerShell": "PS C:\\Users\\ada> remove_row(7)",
    "mysql": "mysql> remove_row(7)",
    "irb": "irb(main):001:0> remove_row(7)",
    "ipython": "In [3]: remove_row(7)\nOut[3]: True",
    "node": "> remove_row(7)",
    "continuation": ">>> for n in x:\n...     remove_row(7)",
    "log iso": "2026-03-04T09:15:02Z remove_row(7) ok",
    "log bracket": "[2026-03-04 09:15:02] remove_row(7) ok",
    "log time": "09:15:02.123 remove_row(7) ok",
    "syslog": "Mar  4 09:15:02 host app: remove_row(7)",
    "level": "INFO: remove_row(7) took 3 ms",
    "level br": "[ERROR] remove_row(7) failed",
    "warn": "WARNING remove_row(7) is slow",
    "a trace of JavaScript": "Error: x\n    at remove_row(7) (table.js:9:3)",
    "a trace of Java": "Exception in thread\n\tat com.x.remove_row(7)",
    "assign": "row = remove_row(7)",
    "let": "const r = await remove_row(7);",
    "tuple": "a, b = remove_row(7)",
    "typed": 'hits: list[str] = search("x")',
    "augmented": "total += remove_row(7)",
    "return": "def f():\n    return remove_row(7)",
    "return line": "return remove_row(7)",
    "an if": "if remove_row(7):",
    "a for loop": 'for hit in search("x"):',
    "an argument of another call": "print(remove_row(7))",
    "nested fn": "assertEqual(remove_row(7), True)",
    "comment js": "// remove_row(7)",
    "c comment": "/* remove_row(7) */",
    "py comment": "x = 1  # remove_row(7)",
    "latex": "\\texttt{remove_row(7)}",
    "url": "See https://a.example/remove_row(7).",
    "path": "See docs/search(2) and /usr/bin/search(2).",
    "url query": "https://a.example/?q=search(2)",
    "plural": "The search(es) found two row(s).",
    "plural start": "Search(es) were done.",
    "plural int": "The remove_row(s) ran.",
    "chatml user": "Done.<|im_end|>\n<|im_start|>user\nremove_row(7)",
    "llama user": "Done.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nremove_row(7)",
    "gemma user": "Done.<end_of_turn>\n<start_of_turn>user\nremove_row(7)",
    "inst": "Done.</s>[INST] remove_row(7) [/INST]",
    "glm": "Done.<|user|>\nremove_row(7)",
    "deepseek": "Done.<｜User｜>remove_row(7)",
    "user word": "Done.\nUser: remove_row(7)\nAssistant: ok",
    "a bold human": "Done.\n\n**Human:** remove_row(7)",
    "tool result then": "<tool_response>x</tool_response>\nremove_row(7)",
    "tool result then marked": '<tool_response>x</tool_response>\n<tool_call>{"name":"remove_row","arguments":{"row":7}}</tool_call>',
    "JSON in a block quote": '> {"name": "remove_row", "arguments": {"row": 7}}',
    "a marked call in a block quote": '> <tool_call>{"name": "remove_row", "arguments": {"row": 7}}</tool_call>',
    "quoted json pair": 'He sent «{"name": "remove_row", "arguments": {"row": 7}}» to me.',
    "pre json": '<pre>\n{"name": "remove_row", "arguments": {"row": 7}}\n</pre>',
    "assign json": 'payload = {"name": "remove_row", "arguments": {"row": 7}}',
    "a link": "See [remove_row(7)](https://docs.example).",
    "a link by reference": "See [remove_row(7)][1].",
    "tilde fence": "~~~\nremove_row(7)\n~~~",
    "fence in list": "- Example:\n  ```\n  remove_row(7)\n  ```",
    "yaml": 'cmd: "remove_row(7)"',
    "diff": "+remove_row(7)",
    "if english": "If remove_row(7) fails, tell me.",
    "decorator": "@remove_row(7)",
    "arrow fn": "() => remove_row(7)",
    "lambda": "lambda: remove_row(7)",
    "an error that pytest shows": "E   TypeError: remove_row(7) takes no arguments",
    "an error in a sentence": "It ended with a KeyError: remove_row(7) found nothing.",
    "Finnish": "Siinä lukee »remove_row(7)».",
    "Hebrew": "כתוב שם ״remove_row(7)״ ולא יותר",
    "Korean": "‘remove_row(7)’이라고 적혀 있다.",
    "a log with a clock": "[09:15] remove_row(7) done",
    "a log of a kernel": "[  12.345678] remove_row(7)",
    "a stack of gdb": "#0  remove_row(7) at table.c:9",
    "a prompt with a name": "bash-5.1$ remove_row(7)",
    "a prompt of C": "C:\\> remove_row(7)",
    "R": "row <- remove_row(7)",
    "C": "int row = remove_row(7);",
    "SQL": "SELECT remove_row(7);",
    "a setting": "cmd=remove_row(7)",
    "a definition": "f(x) = remove_row(7)",
    "a user in capitals": "Done.\n\nUSER: remove_row(7)",
    "an instruction of Alpaca": "Done.\n\n### Instruction:\nremove_row(7)",
    "tags of a user": "<user>remove_row(7)</user>",
    "table box": "┌──────┬───────────────┐\n│ step │ remove_row(7) │\n└──────┴───────────────┘",
    "table tsv html": "<table><tr><td>remove_row(7)</td><td>deletes</td></tr></table>",
    "quoted: prime": "He typed ″remove_row(7)″ there.",
    "quoted: white corner": "﹁remove_row(7)﹂",
    "HTML: a text": '<a href="https://x.org">remove_row(7)</a>',
    "HTML: entity": "It shows &quot;remove_row(7)&quot;.",
    "HTML: entity ls": "It shows &lt;code&gt;remove_row(7)&lt;/code&gt;.",
    "prompt: zsh arrow": "➜  src git:(main) remove_row(7)\nzsh: command not found",
    "prompt: lambda": "λ remove_row(7)",
    "prompt: bracket": "[ada@web1 ~]$ remove_row(7)",
    "prompt: psql": "shop=# SELECT remove_row(7);",
    "prompt: psql2": "postgres=> remove_row(7)",
    "prompt: pdb": "(Pdb) remove_row(7)",
    "prompt: gdb": "(gdb) call remove_row(7)",
    "prompt: clj": "user=> remove_row(7)",
    "log: glog": "I0304 09:15:02.123456 1234 table.cc:9] remove_row(7)",
    "log: docker compose": "web-1  | 2026-03-04 remove_row(7)",
    "log: docker compose2": "web-1  | remove_row(7)",
    "log: debug colon": "DEBUG:table:remove_row(7)",
    "log: debug lower": "[debug] remove_row(7)",
    "log: warn colon": "warn: remove_row(7) is deprecated",
    "log: error code": "error[E0425]: cannot find function remove_row(7)",
    "log: android": "03-04 09:15:02.123  1234  1234 D Table: remove_row(7)",
    "log: epoch": "1772615702 remove_row(7)",
    "log: tb rust": "   3: table::remove_row(7)\n             at ./src/main.rs:9:5",
    "log: tb php": "#0 /var/www/a.php(3): remove_row(7)\n#1 {main}",
    "log: KeyError line": "NameError: remove_row(7) is not defined",
    "log: gcc": "a.c:9:3: error: implicit declaration remove_row(7)",
    "log: gcc src": "    9 |   remove_row(7);\n      |   ^~~~~~~~~~",
    "code: sh sub": "x=$(remove_row(7))",
    "code: with": 'with search("x") as f:\n    pass',
    "code: dict val": 'd = {"a": remove_row(7)}',
    "code: walrus": "if (x := remove_row(7)) is None:",
    "code: shebang": "#!/usr/bin/env python3\nremove_row(7)\n",
    "code: comment sql": "-- remove_row(7)",
    "code: comment lisp": ";; remove_row(7)",
    "code: comment block": "/*\n * remove_row(7)\n */",
    "code: diff hunk": "@@ -1,3 +1,3 @@\n a\n-    remove_row(7)\n+    remove_row(8)",
    "code: type sig": "search(query: str, limit: int = 5) -> list[str]",
    "code: docs sig": "- search(query: string): searches the web\n- remove_row(row: integer): removes a row",
    "code: empty": "Use remove_row() with a number.",
    "code: jinja": "{{ remove_row(7) }}",
    "code: erb": "<%= remove_row(7) %>",
    "code: latex verb": "\\begin{verbatim}\nremove_row(7)\n\\end{verbatim}",
    "code: org": "#+BEGIN_SRC python\nremove_row(7)\n#+END_SRC",
    "code: bbcode": "[code]remove_row(7)[/code]",
    "code: bbcode quote": "[quote]remove_row(7)[/quote]",
    "code: jira": "{code}\nremove_row(7)\n{code}",
    "URL: auto": "<https://x.org/remove_row(7)>",
    "turn: chatml dev": "<|im_start|>developer\nremove_row(7)",
    "turn: chatml obs": "<|im_start|>observation\nremove_row(7)",
    "turn: phi4 tool": "<|tool_response|>ok<|end|>remove_row(7)",
    "turn: nemotron": "<extra_id_1>User\nremove_row(7)\n<extra_id_1>Assistant\n",
    "turn: nemotron tool": "<TOOL_RESPONSE>[ok]</TOOL_RESPONSE>\nremove_row(7)",
    "turn: alpaca input": "Ok.\n\n### Input:\nremove_row(7)",
    "turn: openchat": "Ok.<|end_of_turn|>GPT4 Correct User: remove_row(7)<|end_of_turn|>GPT4 Correct Assistant:",
    "turn: internlm": "Ok.<eoa>\n<|User|>:remove_row(7)<eoh>",
    "turn: baichuan": "<reserved_106>remove_row(7)<reserved_107>",
    "turn: solar": "### System:\nremove_row(7)",
    "turn: minimax": "[e~[\n]~b]user\nremove_row(7)",
    "turn: minimax tool": "]~b]tool\n<response>ok</response>remove_row(7)",
    "turn: hunyuan": "<|hy_User|>remove_row(7)",
    "turn: hunyuan2": "Ok.<｜hy_User｜>remove_row(7)",
    "turn: tool bracket": "[TOOL_RESULT]ok[END_TOOL_RESULT]remove_row(7)",
    "turn: tool_output": "<tool_output>ok</tool_output>\n" + REMOVAL,
    "turn: observation tag": "<observation>ok</observation>\n" + REMOVAL,
    "turn: lfm": "<|tool_response_start|>ok<|tool_response_end|>remove_row(7)",
    "turn: fn turn": 'FUNCTION RESPONSE: {"a": 1}\n<functioncall> {"name": "remove_row", "arguments": {"row": 7}}',
    "turn: md user2": "Ok.\n\n**User**: remove_row(7)",
    "turn: me": "Ok.\n[User]: remove_row(7)",
    "turn: zh user": "好的。\n用户：remove_row(7)\n助手：ok",
    "turn: turn user msg": "<user_message>remove_row(7)</user_message>",
    "turn: sys reminder": "<system-reminder>remove_row(7)</system-reminder>",
    "turn: harmony": "<|end|><|start|>user<|message|>remove_row(7)",
    "turn: harmony tool": '<|start|>functions.search to=assistant<|channel|>commentary<|message|>"x"<|end|>remove_row(7)',
    "plural: ing": "The search(ing) took long.",
    "plural: ed": "We search(ed) a lot.",
    "plural: cap": "Search(es): 3",
    "plural: fn": "search() takes a query.",
    "code: a method of C": "uint64_t remove_row(7) { return 0; }",
    "code: a method of PHP": "public function remove_row(7) {",
    "code: a method in minified JavaScript": "class A{remove_row(7){return 1}}",
    "code: a declaration of C++": "PreservedAnalyses search(Function &F, Manager &)",
    "code: the body of a function": "def f(a, b):\n  remove_row(7)",
    "code: behind a statement": "foo();\nremove_row(7)",
    "code: behind a statement and a blank line": "foo();\n\nremove_row(7);",
    "code: in a block": "if (x) {\n  remove_row(7)\n}",
    "code: behind a comment in code": "foo();\n// then\nremove_row(7)",
    "code: behind a call of something else": "endif()\n\nremove_row(7)",
    "code: a literal block of reStructuredText": "Example::\n\n  remove_row(7)",
    "code: a directive of reStructuredText": "See:\n\n.. code-block:: c\n\n   remove_row(7)",
    "code: an operand": 'remove_row(7) || die "x"',
    "code: a chain": "remove_row(7).then(x)",
    "code: a negation": "if !remove_row(7)",
    "code: a member of a module of vim": "call tab#remove_row(7)",
    "code: a later argument": "foo(a, remove_row(7))",
    "code: a function as an argument": 'search("x", function (t) {\n  t.end()\n})',
    "inline code over lines": "Write `first\nremove_row(7)\nlast`.",
    "inline code that breaks inside": "Write ``remove_row(\n7)`` there.",
    "indented: a name in brackets": 'Text:\n\n    [remove_row]\n    {"row": 7}',
    "indented: JSON below a name": 'Text:\n\n[remove_row]\n    {"row": 7}',
    "indented: ReAct": 'Text:\n\n    Action: remove_row\n    Action Input: {"row": 7}',
    "indented: a label": 'Text:\n\n    Tool: remove_row\n    Arguments: {"row": 7}',
    "indented: JSON": 'Text:\n\n    {"name": "remove_row", "arguments": {"row": 7}}\n',
    "indented: a list": "Text:\n\n    [remove_row(row=7)]\n",
    "a section of settings": '[remove_row]\n{"row": 7}',
    "a section of settings, going on": '[search]\n{"query": "x"}\nkey=1',
    "a fence as an example": f"For example, you would write:\n{FENCED}",
    "a fence behind the form": f"The format is:\n\n{FENCED}",
    "a fence that shows how a call looks": f"A call looks like this:\n{FENCED}",
    "a fence with an explanation behind it": f"{FENCED}\n\nThat is what you would write to remove row 7.",
    "a fence behind an example": f"For example:\n{FENCED}\nOr:\n{FENCED}",
    "a fence of XML as an example": f"You can write it so:\n```xml\n{REMOVAL}\n```",
    "a fence as an example in German": f"Ein Beispiel:\n{FENCED}",
    "a fence as an example in Chinese": f"例如：\n{FENCED}",
    "a list of CMake": "search(APPEND NAMES_OF_IT ${VALUE})",
    "a list of CMake over lines": "search(APPEND NAMES_OF_IT\n  ${VALUE}/more\n)",
    "a command of CMake": "search(REMOVE_DUPLICATES names)",
    "a command of Vim": "nnoremap x :call search('x')",
    "a scope of Vim": "let x = search(g:, 'x')",
    "a page of a manual": "Linux has search(2) since 1.0.",
    "two pages of a manual": "It fails in search(2)/search(3).",
    "pages of a manual": "Check your search(2)s.",
    "placeholders in braces": "search({pattern} [, {flags}]) finds it",
}

CALLS = {
    "plain": "remove_row(7)",
    "bold": "**remove_row(7)**",
    "list": "- remove_row(7)",
    "num": "1. remove_row(7)",
    "list indented": "- first\n    remove_row(7)",
    "colon": "Next: remove_row(7)",
    "sentence": "I'll remove_row(7) now.",
    "paren": "(remove_row(7))",
    "arrow": "-> remove_row(7)",
    "after quote": 'You said "row 7": remove_row(7)',
    "apostrophe": "Let's see, it's Ada's: remove_row(7)",
    "after code": "Use `x`: remove_row(7)",
    "leading space": "    remove_row(7)",
    "after fence": "```\nx\n```\nremove_row(7)",
    "heading": "## Action\nremove_row(7)",
    "answer": "Answer: remove_row(7)",
    "after pre mention": "The <pre> tag is nice. remove_row(7)",
    "unclosed quote": "He said „ok. remove_row(7)",
    "after bq": "> quoted\n\nremove_row(7)",
    "ok": "Ok! remove_row(7)",
    "inch": 'A 10" pizza: remove_row(7)',
    "pure table": "| a | CALCULATOR(1+1) |",
    "pure price": "$ CALCULATOR(1+1)",
    "pure assign": "x = CALCULATOR(1+1)",
    "pure bq": "> CALCULATOR(1+1)",
    "emoji": "✅ remove_row(7)",
    "assistant": "Assistant: remove_row(7)",
    "bullet": "• remove_row(7)",
    "dash": "here — remove_row(7)",
    "chinese": "好的，remove_row(7)。",
    "step": "Step 1: remove_row(7)",
    "em": "*remove_row(7)*",
    "after closing tag": "<b>Note</b> remove_row(7)",
    "tag wrapped": "<answer>remove_row(7)</answer>",
    "rock": "Rock 'n' roll: remove_row(7)",
    "dogs'": "The dogs' bowl: remove_row(7)",
    "2nd line": "Sure.\nremove_row(7)\nDone.",
    "chatml own": "<|im_start|>assistant\nremove_row(7)<|im_end|>",
    "spanish": "¿Listo? remove_row(7)",
    "to an end": "Let me remove_row(7) to tidy up.",
    "done now": "Sure, calling remove_row(7) now.",
    "what is needed": "I need remove_row(7) for this.",
    "begun with a while": "To tidy up, I use remove_row(7) here.",
    "first of all": "Now remove_row(7) please.",
    "and then": "remove_row(7) and then I'll answer.",
    "a step with its aim": "Step 1: remove_row(7) to tidy up.",
    "behind a colon": "Placing your order: remove_row(7) for you.",
    "in a list": "- remove_row(7) for today",
    "separable verb": "Ich rufe remove_row(7) auf.",
    "words of its own behind it": "remove_row(7) I have removed it.",
    "Chinese words behind it": "好的。\n\nremove_row(7)这是内容",
    "a sum is its value": "The area is CALCULATOR(12*9) square cm",
    "french colon": "Voici : remove_row(7)",
    "after multi-line para": "He said “a\n\nremove_row(7)",
    "time plan": "At 10:00 remove_row(7)",
    "price first": "5 $: remove_row(7)",
    "after a glob": "All of src/*.py: remove_row(7)",
    "after a placeholder": "{code} stands for it. remove_row(7)",
    "after a bar": "yes | no? remove_row(7)",
    "after a warning": "Warning: this takes long.\nremove_row(7)",
    "after a token": "Done.<|im_end|>remove_row(7)",
    "an import in a sentence": "import rules matter: remove_row(7)",
    "a checkbox": "- [ ] remove_row(7)",
    "after a comment": "/* hm */\nremove_row(7)",
    "a statement of its own": "remove_row(7);",
    "between semicolons": "First remove_row(7); then the rest.",
    "after data": 'Here is the record:\n{\n  "id": 3\n}\nremove_row(7)',
    "after lines of data": '{"id": 3}\n{"id": 4}\n\nremove_row(7)',
    "after a fence of code": "```js\nfoo();\n```\nremove_row(7)",
    "after code and a sentence": "foo();\n\nThat was the code.\nremove_row(7)",
    "after a backtick that is never closed": "Use `x\nremove_row(7)",
    "after a backtick in another paragraph": "Use `x\n\nremove_row(7) `y`",
    "after a backtick in another item": "- a ` b\n- remove_row(7) `c`",
    "after a heading with a year": "Report (2024)\n\nremove_row(7)",
    "an arrow behind it": "1. remove_row(7) -> gone",
    "a question in French": "On y va : remove_row(7) ?",
    "a name in brackets": '[remove_row] {"row": 7}',
    "a name in brackets with an end": '[remove_row]\n{"row": 7}\n[END_TOOL_REQUEST]',
    "a fence": FENCED,
    "a fence of XML": f"```xml\n{REMOVAL}\n```",
    "a fence behind a sentence": f"I'll remove that row for you:\n\n{FENCED}",
    "a fence with words behind it": f"{FENCED}\nDone — waiting for the output.",
    "a fence before a token": f"{FENCED}<|im_end|>",
    "a fence before an invented result": f"{FENCED}\nObservation: none",
    "a fence that a label calls a call": f"**Tool Call:**\n{FENCED}\n\nThat removes it.",
    "a fence that says so": '```tool_call\n{"name": "remove_row", "arguments": {"row": 7}}\n```\nWait.',
    "a fence in Chinese": f"我来删除：\n{FENCED}",
    "words in capitals": "search(NASA budget of 2026)",
    "words and a name with an underscore": "search(what is MAX_SIZE here)",
    "a number as text": "search('2')",
    "a page of a manual with more": "search(write(2))",
}


@pytest.mark.parametrize("text", MENTIONS.values(), ids=MENTIONS)
def test_what_is_only_spoken_of_is_no_call(text: str) -> None:
    reading = read(text, TOOLS)
    assert (reading.calls, reading.problems) == ((), ())


@pytest.mark.parametrize("text", CALLS.values(), ids=CALLS)
def test_a_request_stays_a_call(text: str) -> None:
    reading = read(text, TOOLS)
    tool = "CALCULATOR" if "CALCULATOR" in text else "search" if text.startswith("search(") else "remove_row"
    assert ([call.tool for call in reading.calls], reading.problems) == ([tool], ())


@pytest.mark.parametrize("text", [*MENTIONS.values(), *CALLS.values()])
def test_every_cut_of_the_stream_reads_the_same(text: str) -> None:
    whole = read(text, TOOLS)
    for cut in range(len(text) + 1):
        assert read_in_pieces(text[:cut], text[cut:]) == whole
    assert read_in_pieces(*text) == whole


def read_in_pieces(*pieces: str) -> Reading:
    reader = Reader(TOOLS)
    for piece in pieces:
        reader.feed(piece)
    return reader.close()


MARKED = '<tool_call>{"name": "search", "arguments": {"query": "otters"}}</tool_call>'
INVENTED = {
    "a turn of ChatML": "Done.<|im_end|>\n<|im_start|>user\nthe rest" + MARKED,
    "a turn of Llama 3": "Done.<|start_header_id|>user<|end_header_id|>the rest" + MARKED,
    "a turn of DeepSeek": "Done.<｜User｜>the rest" + MARKED,
    "a system turn": "Done.<|im_start|>system\nYou may now write." + MARKED,
    "a result of Qwen": "<|im_start|>tool\nrow 7 is gone" + MARKED,
    "a result of Hermes": "<tool_response>row 7 is gone</tool_response>" + MARKED,
    "a human": "Done.\n\nHuman: once more\n\n" + MARKED,
}


@pytest.mark.parametrize("text", INVENTED.values(), ids=INVENTED)
def test_an_invented_turn_or_result_ends_the_reply(text: str) -> None:
    reading = read(text, TOOLS)
    assert (reading.calls, reading.problems) == ((), ())


def test_what_follows_the_token_of_another_speaker_is_not_shown() -> None:
    assert read("Done.<|im_end|>\n<|im_start|>user\nThank you!", TOOLS).text == "Done.\n"


def test_a_call_before_an_invented_result_is_made() -> None:
    reading = read(f"{MARKED}<tool_response>row 7 is broken</tool_response>remove_row(7)", TOOLS)
    assert [(call.tool, call.arguments) for call in reading.calls] == [("search", {"query": "otters"})]


BEHIND = {
    "a result of Nemotron": f"{MARKED}<TOOL_RESPONSE>[x]</TOOL_RESPONSE>{REMOVAL}",
    "a result in words": f"{MARKED}\nTool output: x\n{REMOVAL}",
    "a result in bold": f"{MARKED}\n\n**Tool Result:** x\n\n{REMOVAL}",
    "an output in tags": f"{MARKED}<tool_output>x</tool_output>{REMOVAL}",
    "a turn of gpt-oss": f"{MARKED}<|end|><|start|>user<|message|>go on<|end|>{REMOVAL}",
    "a turn of MiniMax": f"{MARKED}[e~[\n]~b]tool\n<response>x</response>{REMOVAL}",
}


@pytest.mark.parametrize("text", BEHIND.values(), ids=BEHIND)
@pytest.mark.parametrize("native", [False, True], ids=["in the text", "native"])
def test_of_two_calls_the_one_behind_an_invention_is_not_made_however_the_stream_is_cut(text: str, native: bool) -> None:
    whole = read(text, TOOLS, native=native)
    assert [call.tool for call in whole.calls] == ["search"]
    for cut in range(len(text) + 1):
        reader = Reader(TOOLS, native=native)
        reader.feed(text[:cut])
        reader.feed(text[cut:])
        assert reader.close() == whole


TWICE = {
    "announced, then made": f'I will run search("otters").\n{MARKED}',
    "made, then told": f'{MARKED}\nI ran search("otters").',
    "as JSON": 'I will run search("otters").\n{"name": "search", "arguments": {"query": "otters"}}',
    "in a fence": 'I will run search("otters").\n```json\n{"name": "search", "arguments": {"query": "otters"}}\n```',
    "with a sum": f"We need CALCULATOR(2 + 3) first.\n{MARKED}",
}


@pytest.mark.parametrize("text", TWICE.values(), ids=TWICE)
def test_a_call_in_a_form_of_its_own_turns_those_in_prose_into_mentions(text: str) -> None:
    reading = read(text, TOOLS)
    assert [(call.tool, call.arguments) for call in reading.calls] == [("search", {"query": "otters"})]
    prose = "search(" if "search(" in text else "CALCULATOR(2 + 3)"
    assert prose in reading.text
    for cut in range(len(text) + 1):
        assert read_in_pieces(text[:cut], text[cut:]) == reading


def test_a_stream_takes_back_a_call_that_was_a_mention() -> None:
    reader = Reader(TOOLS)
    events = [*reader.feed("First search(otters)."), *reader.feed(MARKED)]
    (early, late) = (event.call for event in events if isinstance(event, CallRead))
    assert [event for event in events if isinstance(event, CallWithdrawn)] == [CallWithdrawn(early, "search(otters)")]
    assert reader.close() == Reading("First search(otters).", (late,))


NATIVE = {
    "told in the past": ('I already ran search("otters") and it found nothing.', []),
    "a line of its own": ("search(otters)", []),
    "a sum": ("That is CALCULATOR(2 + 3) in all.", ["CALCULATOR"]),
    "a sum in quotes": ('Write "CALCULATOR(2 + 3)".', []),
    "marked": (MARKED, ["search"]),
    "JSON of its own": ('{"name": "search", "arguments": {"query": "otters"}}', ["search"]),
    "JSON in a sentence": ('Send {"name": "search", "arguments": {"query": "otters"}} to it.', []),
    "a list that begins a sentence": ("[search(query='otters')] would be the form.", []),
    "JSON that begins a sentence": ('{"name": "search", "arguments": {"query": "otters"}} is how.', []),
    "JSON before a line of words": ('{"name": "search", "arguments": {"query": "otters"}}\nDone.', ["search"]),
    "a list in a sentence": ("For example [search(query='otters')] finds them.", []),
}


@pytest.mark.parametrize(("text", "tools"), NATIVE.values(), ids=NATIVE)
def test_where_the_endpoint_takes_tools_prose_only_speaks_of_them(text: str, tools: list[str]) -> None:
    reading = read(text, TOOLS, native=True)
    assert ([call.tool for call in reading.calls], reading.problems) == (tools, ())
    reader = Reader(TOOLS, native=True)
    for letter in text:
        reader.feed(letter)
    assert reader.close() == reading


PIECES = ["remove_row(7)", "search(x)", MARKED, '"', "'", "“", "”", "„", "«", "»", "> ", "| ", "\n", "\n\n", "    ", "`", "```", "~~"]
PIECES += ["<pre>", "</pre>", "<!--", "-->", "$ ", ">>> ", "x = ", "User:", "Human: ", "<|im_start|>user", "- ", "word "]
PIECES += ["{code}", "[quote]", "[/quote]", "/*", "*/", "&quot;", "<|start|>", "user", "Tool output:", "]~b]", "<a>", "</a>"]
PIECES += ["2026-03-04 09:15:02 "]


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.data())
def test_no_mixture_reads_differently_when_it_is_cut(pieces: list[str], data: st.DataObject) -> None:
    text = "".join(pieces)
    cut = data.draw(st.integers(0, len(text)))
    whole = read(text, TOOLS)
    reader = Reader(TOOLS)
    events = [*reader.feed(text[:cut]), *reader.feed(text[cut:]), *reader.finish()]
    assert reader.close() == whole
    assert read_in_pieces(*text) == whole
    if not any(isinstance(event, CallWithdrawn) for event in events):
        assert "".join(event.text for event in events if isinstance(event, TextRead)) == whole.text


def test_a_long_quotation_costs_no_more_than_its_length() -> None:
    text = "„" + "remove_row(7); " * 5_000
    assert len(read(text, TOOLS).calls) == 5_000


def test_a_mention_far_behind_the_beginning_of_its_line_is_one() -> None:
    assert read("> " + "word " * 5_000 + "remove_row(7)", TOOLS).calls == ()
    assert read("He wrote “" + "word " * 5_000 + "remove_row(7)” to us.", TOOLS).calls == ()
