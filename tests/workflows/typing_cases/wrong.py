"""Programs whose hand-overs do not fit. A checker must find each line marked WRONG, and no other."""

from __future__ import annotations

from right import (
    both,
    chosen_size,
    code,
    colour,
    critique,
    graded,
    half,
    is_big,
    is_complaint,
    length,
    loud,
    mail,
    more,
    numbers,
    order,
    post,
    prompt,
    router,
    size_of,
    sort,
    stock,
    values,
    words,
    write,
)

from sayso import research
from sayso.agents import Agent
from sayso.tools import Content, ToolResult
from sayso.workflows import Draft, Run, best_of, conditional, iterate, map_each, parallel, reflect, sequential, step

sequential(half, length)  # WRONG a float to a str
sequential(length, half, more)  # WRONG a float to an int
sequential(length, code, half)  # WRONG a str to an int
sequential(length, loud)  # WRONG not async, and an int to a str
sequential(length, mail)  # WRONG two arguments
sequential(length, step(loud))  # WRONG an int to a str
sequential(sequential(length, half), more)  # WRONG a float to an int
sequential(step(sequential(length, half), retries=2), more)  # WRONG a float to an int
sequential(size_of, half)  # WRONG a str to an int
sequential(half, size_of)  # WRONG a float to an int
sequential(half, step(size_of))  # WRONG a float to an int
sequential(order, half)  # WRONG a str to a float
sequential(half, order)  # WRONG a float to an int
sequential(length, stock)  # WRONG an int to a str
sequential(stock, code, stock, critique)  # WRONG an int to a str
sequential(code, colour)  # WRONG two arguments and a context
parallel(size_of, stock).run_sync(3)  # WRONG an int and a str
sequential(7)  # WRONG no step
parallel(length, half).run_sync(1)  # WRONG a str and an int
parallel(half, more, join=lambda a: a)  # WRONG a join of one for two
parallel(half, more, join=max, names="x")  # WRONG no such option
conditional(size_of, {"big": length}).run_sync(1)  # WRONG chosen by an int, taken as a str
iterate(half, until=bool, max_rounds=3)  # WRONG its own float is no int
iterate(more, until=bool)  # WRONG no max_rounds
map_each(more, on_error="ignore")  # WRONG no such word
best_of(length, "3", score=bool)  # WRONG a number as text
reflect(write, graded, round=3)  # WRONG no such argument
reflect(write, words)  # WRONG the critic takes a float
sequential(more).run_sync("x")  # WRONG a str to an int
sequential(length, more).then(code).then(half)  # WRONG a str to an int
sequential(length, more).then(loud)  # WRONG not async, and an int to a str
sequential(length).then(more, half)  # WRONG then() takes one step
parallel(half, more, code, half, critique).run_sync(1)  # WRONG a str and an int

sequential(more).run_sync(3, limit=None)  # WRONG no such option
sequential(more).run_sync(3, limits=3)  # WRONG a number is no Limits
sequential(more).run_sync(3, history=())  # WRONG only agents have a history
sequential(more).run_stream(3, approved=True)  # WRONG no such option
router.run_sync("x", historie=())  # WRONG no such option
router.run_sync("x", history="x")  # WRONG a text is no history
router.run_stream("x", engine="sqlite:///runs.db")  # WRONG a URL is no engine
research.run_sync("x", competitor=5)  # WRONG no such option
research.run_sync("x", competitors="5")  # WRONG a number as text
research.run_sync("x", deps=3)  # WRONG a research has no tools of yours
Agent("gpt-5-mini", instruction="Be brief.")  # WRONG no such option
Agent("gpt-5-mini", output=int, tools=[length])  # WRONG a function is no tool

sequential(router, length)  # WRONG a Mail to a str
sequential(numbers, map_each(length))  # WRONG an int to a str
sequential(values, prompt, router, half)  # WRONG a Mail to an int
sequential(both, stock)  # WRONG an int to a str
sequential(router, conditional(sort, {"sorry": length}))  # WRONG a way that takes a str
best_of(words, 3, score=lambda found: found.upper())  # WRONG a list has no upper()
reflect(write, graded, accept=lambda found: found.complain)  # WRONG no such field
iterate(more, until=lambda number: number.upper(), max_rounds=2)  # WRONG a number has no upper()
sequential(map_each(router, on_error="collect"), map_each(is_complaint))  # WRONG some may be Failed
best_of(length, 3)  # WRONG no score
best_of(length, 3, score=lambda number: None)  # WRONG None is no score
print(router.run_sync("x").output.complain)  # WRONG no such field


async def steps(run: Run, value: int) -> float:
    return await half("x")  # WRONG a str to an int


sequential(steps, critique)  # WRONG a float to a str


async def children(run: Run, text: str) -> int:
    await run.child("size", sequential(half), text)  # WRONG a str to an int
    return await run.child("router", router, text)  # WRONG a Mail is no int


Content("text", trust="untrustd")  # WRONG a typo
ToolResult("0.0", "text", secrecy="privat")  # WRONG a typo


async def calls(run: Run, value: int) -> str:
    await run.call(post, to="Ada", txt="Hello")  # WRONG no such argument
    await run.call(post, to="Ada")  # WRONG an argument is missing
    await run.call(post, to="Ada", text=3)  # WRONG a number as text
    return await run.call(post, to="Ada", text="Hello")  # WRONG an int is no str


conditional(chosen_size).ways({"bigg": half, "small": half})  # WRONG no such choice
conditional(chosen_size).ways({"big": length, "small": half}).run_sync(1)  # WRONG an int, taken as a str
conditional(is_big).ways({"yes": half})  # WRONG a bool is not text


async def revise(task: str | Draft[str, str, list[str]]) -> str:
    return task.text.uper() if isinstance(task, Draft) else task  # WRONG a str has no uper()
