"""A call in a code fence is made where the line before it says what is done, and is an example where the words around it explain."""

from __future__ import annotations

import pytest

from sayso.tools import read, tool

FENCE = '```json\n{"name": "remove_row", "arguments": {"row": 7}}\n```'


@tool.write(card="Remove row {row}")
def remove_row(row: int) -> str:
    """Remove a row of the table."""
    return f"removed {row}"


DONE_NOW = """
According to the doc "README", one call is enough.
I'll open the ticket and send the email:
I'll look up the row, then remove it and write the file:
Let me call it like this:
I'll submit the form:
I will mail ada@example.com:
I'll fetch https://example.com/rows and remove row 7:
Let me check the format of the table first by removing row 7:
To answer this you need the row gone, so:
You should have this row removed. I'll do it now:
So that you can continue, I remove the row:
It would be best to remove row 7 first. Calling the tool:
That would be row 7. Removing it now:
I'll use the tool so you can see the result:
First I remove the row, then write the summary:
The user wants to remove the example row, so I'll call remove_row:
Je vais supprimer la ligne comme suit:
Ich lösche die Beispielzeile:
我将删除示例行：
好的，我按以下格式调用工具：
我会按照要求的格式调用：
Sure! Here's the function call in the required format:
Here is the function call in the correct format:
Here is the call following the schema:
I need to respond in the format specified. Function call:
To do this, I would call:
I would use the remove_row tool:
We can remove it with:
I can do this with:
I'll do it so you can use the sheet again:
As you write, row 7 is a duplicate; removing it:
OK, you have asked me to remove row 7:
This would delete row 7; doing so:
Based on your request, you need to remove row 7. Here is the tool call:
As requested, you should get rid of row 7:
Let me just write the call:
Let me remove the row and reply to you:
I'll first check, and then send:
Удаляю пример строки 7:
Looks like row 7 is a duplicate. Removing it:
It looks like row 7 is broken, so I remove it:
The schema has changed; I'll remove row 7:
The form was submitted twice, so I remove the second one:
I'll do as the following schema asks:
Then use the tool:
Sure, I can help with that! Removing row 7 for you:
Okay, let's remove it.
Thought: The user wants row 7 removed. I should use remove_row.
Based on the samples you sent, row 7 is a duplicate:
The sample row has to go, so here is the call:
I found the row at https://docs.example.org/format:
Here is the tool call:
Tool call:
Here's the JSON for the function call:
To remove the row, I need to call the remove_row function with row=7:
Great! You can use the sheet in a minute. I'll call the tool first:
As in your example, I remove row 7:
Following the example you gave, I will now remove row 7:
Per your instructions (for example, "remove duplicates"), I'm removing row 7:
You would like row 7 removed. Let me do that:
You need to send the report by Friday, so I'll mail it right away:
You asked how to write to Ada; I'll write to her now:
Since you could not send it yourself, I'll send it:
If you use this sheet daily, row 7 should go. Executing:
Calling remove_row like this:
The usage limit is fine. Running the tool:
Da du schreiben möchtest, lösche ich zuerst Zeile 7:
Ich rufe das Werkzeug nun auf, zum Beispiel für Zeile 7:
Voy a eliminar la fila de ejemplo:
Vou remover a linha de exemplo:
为了删除第7行，我调用工具：
正在删除示例数据：
まず7行目を削除します：
Step 1: remove row 7, then reply to you.
Then I'll reply with a summary. First:
We should remove row 7 before you send it.
remove_row is the tool to use here:
This is how I'll do it:
Got it. Row 7 goes away now.
Deleting.
One moment please.
Let me take care of that.
Let me get rid of this duplicate.
Here we go:
Sure thing!
Alright, executing the removal:
Next step:
My next action:
Using remove_row with the seventh row:
I've found it. It's row 7, and it looks like an example row someone forgot:
As an example row it can go; I'm deleting it:
I am calling the function with the format you gave me:
I have to call remove_row like so:
We need to delete row 7. Proceeding.
Sounds good, I will go ahead and remove it:
The sheet should look like before once I do this:
Per the usage notes, removal is safe. Doing it:
Of course. Removing the row you pointed at:
Since you write that row 7 is wrong, out it goes:
I can remove it for you. One second:
I could do it with one call:
I'd call remove_row here:
I would start by removing row 7.
To fix this we can remove row 7:
To do so I use the following tool call:
The following call removes row 7:
This call does it:
Action:
Function call:
Assistant tool call:
Here you go:
Response:
Output:
Final answer:
Ok, on it. Which tool? remove_row:
Zeile 7 wird jetzt gelöscht:
Ich lösche sie gleich:
Dafür rufe ich das Werkzeug auf:
Je m'en occupe tout de suite :
Je supprime la ligne 7 :
Ahora mismo la elimino:
Eliminando la fila 7:
Elimino subito la riga 7:
Vou apagar a linha 7 agora:
Сейчас удалю строку 7:
现在调用工具删除第7行：
7行目を削除します。
7번 행을 삭제하겠습니다:
Okay! Time to drop that row.
I've decided to delete it.
Row seven, goodbye:
That leaves one step, which I'll do now.
My plan: remove the row, then recompute.
Following your instructions, here's the call:
The correct thing is to remove it. Doing so:
The template row isn't needed any more, removing it:
Let's get this done.
Working on it...
Happy to help! Running remove_row:
This needs one tool call:
The tool I need is remove_row:
I will use the pattern you described and delete row 7:
Removing the sample now:
No problem. I'll take out row 7, as in the screenshot.
I'm going to use remove_row for this:
Please approve this:
Please confirm the following action:
First, the removal:
Let me issue the request:
You're right, it has to go:
You can see row 7 is empty, so I delete it:
Given the documentation says rows can be removed, I do so:
To complete your request, I'll execute:
Ich entferne Zeile 7 jetzt.
D'accord, je la retire.
Voy a quitarla.
好的，马上删除：
承知しました。削除します。
""".strip().splitlines()
DONE_NOW_BEHIND = """
You can expect the row to be gone once this has run.
I'll then write the summary.
You should see the result in a moment.
Once done, the form will be valid again.
After this you can open the sheet again.
That would remove row 7. Shall I proceed?
This would take a moment.
I will let you know, then send the report to ada@example.com.
Please wait while I remove the row, so you can go on.
If you need anything else, let me know!
Let me know if you have further questions.
Let me know if you would like anything else.
I'm waiting for the result, which would tell us more.
Once it has run, I'll tell you how the table looks.
This is the only way to remove it.
This is what you asked for.
The row is removed when you approve.
I don't call anything else.
I won't run anything else until you confirm.
I have not sent the mail yet; that comes next.
It is how you wanted it.
I'll wait for the tool's answer.
Where the row is needed, I will restore it.
Note: replace 7 with 8 if you meant the other row.
Then you can write to Ada.
The format of the table stays the same.
That is the example row from your sheet.
I'll report back when it is done.
Once that's finished, I'll show you the table.
After the row is removed, the totals should be right.
Done? I'll check next.
This removes row 7 for good.
This should fix the totals.
That should do it.
I'm now waiting for confirmation.
Tell me if that's not the row you meant.
I'll confirm once it's gone.
If it fails I'll try another way.
You'll get a summary next.
That gets rid of it.
""".strip().splitlines()
EXPLAINED = """
For example:
For example, you would write:
For instance, to remove row 7:
Such a call looks like this:
Here's an example of a call:
An example call:
Example:
The syntax is as follows:
The format is:
To call it, write:
You would then send:
You can call a tool by writing JSON in a fence:
A model answers with JSON, e.g.:
In your prompt, show the model a call such as:
Models write calls in this format:
Let me show you how a call looks:
Let me give you an example:
I'll show you an example:
I will now explain how it works. A call looks like this:
Sample:
The JSON has this form, for example:
A call is written as:
When you want row 7 removed, you should write:
To remove a row you have to send:
Here is an example:
Below is an example of how to use it:
Usage:
Syntax:
Format:
The assistant would reply with:
So sieht ein Aufruf aus, zum Beispiel:
Man schreibt:
Ein Beispiel:
Par exemple :
Un exemple d'appel :
Por ejemplo:
格式如下：
例如：
调用示例：
Например:
Пример вызова:
Per esempio:
You can write it so:
I can give you an example:
The expected format for calls is this:
A typical call would be:
If a user asks to remove row 7, the model should output:
Just send:
Then you write:
Models trained this way reply like this:
Here's what a call might look like:
Here is how a tool call looks in this chat:
Imagine that a user wants row 7 gone. The model then writes:
Tools are called by writing JSON, as in:
For reference, the required syntax:
A minimal example with one argument:
Calls have the following structure:
The documentation gives this example:
Such calls are formatted as JSON:
You may call it as follows:
To make a call you simply output:
You could also send:
In Qwen's format the same call is written:
Your prompt should contain an example such as this one:
Here is a sample call:
Assistants usually respond like so:
Ein solcher Aufruf sieht so aus:
Der Aufruf hat folgendes Format:
Voici un exemple :
Voici comment écrire un appel :
Aquí tienes un ejemplo:
Ecco un esempio:
Hier is een voorbeeld:
Oto przykład:
Вот пример:
下面是一个例子：
调用的格式如下：
以下に例を示します：
다음은 예시입니다:
Here's one way a call could look:
Suppose you want row 7 gone. Then the call is:
Take this example:
Let's look at an example:
Consider the following example:
An illustration:
The general form of a call:
Its shape is:
Calls follow this pattern:
The template for a call is:
The JSON you have to produce:
What you should write is:
What the model writes in that case:
When asked to delete row 7, a good model replies:
The tool is used like this:
The tool can be called like so:
Tools are invoked in this format:
You'd write something like:
Something like this would work in your prompt:
Put an example like this one into your prompt:
Here's the syntax:
Here is the format to use:
The correct syntax would be:
Demo:
Sample output:
Example (do not run):
e.g.
E.g. to remove row 7:
The docs show this:
In the documentation you find:
How to call it:
How it works:
I can show you what it looks like:
I'd explain it with an example:
Let me illustrate with a sample call:
Let me demonstrate the format:
You asked what a call looks like. It looks like this:
You asked for the format; here it is:
Beispiel:
Das Format lautet:
Ein Aufruf würde so aussehen:
Exemple d'appel :
Le format est le suivant :
El formato es:
Un ejemplo de llamada:
Ad esempio:
O formato é:
Формат вызова:
格式是这样的：
呼び出しの例：
A request to delete a row might look like:
As an illustration, a deletion:
In general you write it this way:
The format in short:
The expected structure:
Calls are written like this:
What does a call look like? Like this:
You need to give the name and arguments in JSON, for example:
Typical output of a model:
One could write:
The schema of a call looks as follows:
According to the docs, a call is written so:
The manual says:
If you wanted to delete row 7, you could send:
An LLM would answer with:
A hypothetical call:
Here is a template you can adapt:
Pattern to follow:
Below you see the notation:
Consider this sample:
This is the syntax:
Say a user wants row 7 removed. The assistant answers:
The wire format:
For illustration:
So schreibt man einen Aufruf:
Voici la syntaxe :
La sintaxis es la siguiente:
调用方式示例：
""".strip().splitlines()
EXPLAINED_BEHIND = """
That is what you would write to remove row 7.
This is an example of a call.
This is only an example.
The above shows the format.
Replace 7 with the number of your row.
where `row` is the number of the row.
You would write it like that.
In this example, the row is 7.
This is how you call it.
That's how a call is written.
I have not called it.
So würde man es schreiben.
以上是示例。
This shows how to call a tool.
Note that this is just an example and nothing was removed.
As you can see, the call has a name and arguments.
The `name` is the tool and `arguments` holds its parameters.
I did not run this.
In the example above, row 7 is removed.
You would replace the 7 by your own number.
That is the syntax.
Dies ist nur ein Beispiel.
Here, row 7 is only an example.
Of course you would use your own row number.
Just substitute your own row.
Don't worry, I didn't execute that.
Nothing has been executed; it only illustrates the format.
This is what a tool call looks like.
That's the general shape.
Das war nur ein Beispiel.
Ceci n'est qu'un exemple.
Again, that's just a sample.
I haven't actually run it.
""".strip().splitlines()


def count_calls(*parts: str) -> int:
    whole = "\n".join(parts)
    found = read(whole, [remove_row])
    assert bool(found.calls) != bool(found.mentions)  # never lost in silence
    return len(found.calls)


@pytest.mark.parametrize("line", DONE_NOW)
def test_a_fence_behind_a_line_that_says_what_is_done_is_a_call(line: str) -> None:
    assert count_calls(line, FENCE) == 1


@pytest.mark.parametrize("line", DONE_NOW_BEHIND)
def test_a_fence_before_a_line_about_its_outcome_is_a_call(line: str) -> None:
    assert count_calls("I'll remove row 7:", FENCE, line) == 1


@pytest.mark.parametrize("line", EXPLAINED)
def test_a_fence_behind_a_line_that_explains_is_an_example(line: str) -> None:
    assert count_calls(line, FENCE) == 0


@pytest.mark.parametrize("line", EXPLAINED_BEHIND)
def test_a_fence_before_a_line_that_calls_it_an_example_is_one(line: str) -> None:
    assert count_calls(FENCE, "", line) == 0


@pytest.mark.parametrize(("between", "calls"), [("Or:", 0), ("Let me remove it now:", 1), ("Now I remove it:", 1)])
def test_a_fence_behind_an_example_is_another_one_unless_it_is_done_now(between: str, calls: int) -> None:
    assert len(read(f"For example:\n{FENCE}\n\n{between}\n{FENCE}", [remove_row]).calls) == calls
