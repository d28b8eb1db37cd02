"""Tell a call from a mention. What stands in quotes, in code, in a quotation, a table, a log or a prompt is only spoken of.

The rules follow CommonMark 0.31 (block quotes 5.1, indented code 4.4), GitHub's tables (GFM 4.10), HTML's elements for code and quotations,
and CLDR's quotation marks (delimiters of all locales).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from .explaining import announces, begins_sentence
from .growing import growing, match
from .parsed_calls import Incremental
from .text_buffer import TextBuffer

_LONGEST_PARAGRAPH = 4000  # characters that are kept; of what came before only the open quotes are known
_LONGEST_TAG = 40
_LONGEST_BEHIND = 20
_LONGEST_HEAD = 200  # characters of a line
CALL = "\x1a"
"""Stands for a call in the prose. Quotes inside of the call open nothing. In ASCII, for most lines are, and told apart by that."""

# quotes

_STRAIGHT = "\"＂״″'"  # each closes itself, on the same line only: an unclosed one would hide every call after it
_CLOSES = {
    "“": "”",
    "„": "“”",
    "‟": "”",
    "‘": "’",
    "‚": "‘’",
    "«": "»",
    "»": "«»",
    "‹": "›",
    "›": "‹›",
    "「": "」",
    "『": "』",
    "｢": "｣",
    "﹁": "﹂",
    "﹃": "﹄",
    "《": "》",
    "〈": "〉",
    "〝": "〞〟",
    "❝": "❞",
    "❛": "❜",
    "”": "”",
}
_APOSTROPHIC = r"0-9A-Za-z\u00c0-\u024f"  # what stands behind an apostrophe: other scripts have none
_OPENING = " \t\n([{"  # before ”, which opens in Swedish and Finnish, and closes in most languages
_QUOTE = re.compile(rf"[{_STRAIGHT}{''.join(sorted({*_CLOSES, *''.join(_CLOSES.values())}))}]|~~|&quot;|\n")
_END_OF_LINE = r"\n"
_END_OF_PARAGRAPH = r"\n[ \t\r]*\n"
_END_OF_BLOCK = r"\n[ \t\r]{0,30}(?:\n|(?:[-*+]|\d{1,3}[.)]|#{1,6})[ \t]|>|```|~~~)"  # an item of a list, a heading, a quotation, a fence
_BACKTICKS = re.compile(rf"{_END_OF_BLOCK}|`+")

# lines

_QUOTED_LINE = re.compile(r" {0,3}>")  # the prompt of Python as well
_LEVELS = "TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL"
_SPOKEN_LINE = re.compile(
    r"\s*(?:[|│┃║]|//|/\*|--[ \t]|;;)"  # a table, a comment
    r"|\s*[\w.\-]*\d[ \t]+\| "  # the line of a source in a compiler's message, of a container in a common log
    # a log
    r"|\W{0,3}(?:\d{4}[-/.]\d\d[-/.]\d\d[T ,]+|\d\d[-/.]\d\d[-/.]\d{4}[ ,]+|\d\d-\d\d +|[IWEF]\d{4} "
    r"|[A-Z][a-z]{2} {1,2}\d{1,2} )?\d\d:\d\d:\d\d"
    r"|\W{0,3}\d{4}[-/.]\d\d[-/.]\d\d[T ,]+\d\d:\d\d|\W{0,3}1\d{9}(?:\d{3})?\b"
    r"|\W{0,3}\[(?:\d\d?:\d\d(?::\d\d)?| *\d+\.\d+)\] "
    rf"|\W{{0,3}}(?:{_LEVELS})\b(?:[\])|]? |:)|\[(?i:{_LEVELS})\]|(?:{_LEVELS.lower()}): "
    r"|\s*#\d+ [ /{]|\s*[^\s:()]+:\d+(?::\d+)?: |.{0,80}?\b(?:[\w.]*[a-z](?:Error|Exception|Warning)|error\[\w+\]): "  # a stack, a compiler
)
_SPOKEN_BEFORE = re.compile(
    # the prompt of a shell, a comment
    r"\s*(?:\([\w.\- ]+\) ?)?(?:\[[\w.\-]+@[^\]\n]*\] ?|[\w.\-]+@[\w.\-]+[: ]\S* ?|[\w.:~/\\\-]*[A-Za-z~/][\w.:~/\\\-]* ?)?[$%#❯➜λ][ \t]+\Z"
    r"|\s*[➜❯][ \t]+[^\n]*\Z|\s*\w+[=\-]?[#>]+[ \t]+\Z|\s*\(\w*[dD]b\+?\) (?:call |p |print )?\Z"  # zsh, psql, Clojure, gdb
    r"|\s*[^<>\n]{0,60}(?<![-=<>])>[ \t]*\Z"  # mysql> irb(main):001> PS C:\>
    r"|\s*\w+ ?\[\d+\]: ?\Z|\s*\.\.\.[ \t]{2,}\Z"  # In [1]: and the second line at the prompt of Python
    r"|.*[ \t](?://|#)[ \t]+\Z|.*[:>]call \Z|.*(?:&&|\|\|) \Z"  # a comment behind code, a command of Vim, an operand
    # an assignment
    r"|\s*(?:(?:let|const|var|val|my|auto|final|static|int|long|float|double|bool|boolean|char|[Ss]tring)\s+)*[\w.$]+(?:\[[^\]\n]*\]|\([^()\n]*\))?"
    r"(?:\s*,\s*[\w.$]+)*(?:\s*:\s*[\w.\[\], |]+?)?\s*"
    r"(?:(?:[:+\-*/|&%^]|\|\||&&)?=|<-)\s*(?:await\s+|yield\s+|new\s+|not\s+|!)?[\[({]?\Z"
    # a statement
    r"|\s*(?:return|yield|await|assert|raise|throw|[Ii]f|elif|while|del|new|case|import|from|def|function|func|fn|class)(?: not)? \(?\Z"
    r"|\s*(?:with|async with|match|switch|unless|until|export|echo|defer|typeof|void) \(?\Z"
    r"|(?:\s*|.*[#>;(] *)SELECT\s[^\n]*\Z|\s*(?:async )?for\s[^\n]*\sin \Z"
    r"|.*(?:\blambda\b[^:\n]*:|\) ?=>)[ \t]*\Z"
    r"|.*[\w\])$]\((?:[^()\n]*,)?\s*\Z"  # an argument of another call
    r"|\s*[\w.$]+\s*=\s*[{\[(][^\])}\n]*\Z|.*:=\s*\Z"  # a value inside of one that is assigned
    r"|.*(?:\{\{|\{%|<%=?|::)\s*\Z"  # a template, the member of a module
    r"|.*\\\w+\{\Z"  # LaTeX
    r"|.*[+@&=!#^]\Z"  # a line that was added, a decorator, a setting, a negation, the member of a module
    rf"|.*(?:[^\s{CALL}][;}}]|->)\Z"  # the next statement, a member
)
# Most lines of prose hold nothing that both patterns need, and are told apart at a tenth of their cost.
_MAY_BE_SPOKEN = re.compile(r"[|│┃║;:#\[\d/\-$%❯➜λ>=({}&@+<\\!^]|[A-Z]{4}|\.\.\.")
_LAST_WORDS = frozenset(
    "return yield await assert raise throw if If elif while del new case import from def function func fn class not with match switch"
    " unless until export echo defer typeof void in".split()
)
# Behind a line of code stands more code, whatever the language: it ends a statement, opens or closes a block, is nothing but a call of an
# unknown function, or says that code follows (reStructuredText).
_LINE_OF_CODE = re.compile(
    rf".*[^\s{CALL}];\s*\Z|(?!\s*[\"'\[{{]).*[{{}}]\s*\Z"
    r"|\s*[\w.:$#\->]*\w\([^\n]*\)\s*\Z|\s*\.\. [\w\-]+::|.*::\s*\Z|\s*[@#]\w+[(\s<\"]|[ \t]+# |.*\w \(\)\s*\Z|.*\w\([^()\n]*\):\s*\Z"
)
_COMMENT = re.compile(r"\s*(?:#|//|--|/?\*)")
CODE_BEHIND = growing(r"\s?\{|\s?(?:\|\||&&|==)|\[|\.[a-z_]|\s[<>]\s|>|/[a-z]|s(?=\W)")
"""What does not follow a call on its line, but follows the head of a function, a member, an operand, and a page of a manual: write(2)s."""
_DONE = frozenset("ran did made sent tried used called executed invoked issued performed requested".split())
_TOLD = frozenset("i we you he she it they already just previously earlier have has had run i've we've you've they've i’ve we’ve".split())
_IN_CLAUSE = re.compile(r"[\w,，、][ \t]*\Z")
# No capital: with one a sentence begins.
GOES_ON = growing(r"[,，、]?[ \t]{0,4}([^\W\d_A-ZÀ-ÖØ-Þ][^\W\d_]{0,11})|[ \t]{0,4}[?？؟]")
"""The sentence that a call stands in goes on behind it: "weather(Oslo) was refused", "Soll ich weather(Oslo) fragen?"."""
_ADDED = frozenset(
    "and then to for please now first next here so because since with in at from on as before after if or but again too also instead "
    "und dann für bitte jetzt zuerst et puis pour maintenant y luego para ahora".split()
)
"""Words behind a call that tell when and what for it is made, not what became of it."""
_DENIED = frozenset("not never nicht nie pas jamais nunca".split())
_BEGINS_CLAUSE = re.compile(r"[\u3400-\u9fff]")  # in Chinese the next sentence may, in Japanese a particle goes on
_STRING = re.compile(r"\"\"\".*?\"\"\"|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\\n])*'|“[^”]*”", re.DOTALL)
_STATEMENTS = re.compile(r"(?:\)|=>)\s*\{|;[ \t]*\n")
# Words without commas, APPEND NAME_OF_LIST ${VALUE}, as a command of CMake takes them; a scope of Vim's comes first: get(g:, 'x')
_NOT_FOR_TOOLS = re.compile(r"\s*(?:[A-Z]+\s+(?:[A-Za-z\d]*_\w*|\$\w*\{)|[A-Z]+_[A-Z_]+\s+[\w\"$])[^,=]*\Z|[a-z]:\s*,")
_CODE_FOLLOWS = re.compile(r"@@ -\d|#!/|import [\w.]+(?: as \w+)?;?\s*\Z|from [\w.]+ import [\w, *]+\Z")  # up to the next blank line
_DELIMITER_ROW = re.compile(r"[ \t:|\-]*-[ \t:]*\|[ \t:|\-]*")
_ONLY_CALLS = re.compile(f"(?:{CALL}[ ;]*\n)+")
_LIST_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,9}[.)])(?:\s|\Z)")
_INDENTED = re.compile(r"(?: {0,3}\t| {4})[ \t]*\S|(?: {0,3}\t| {4})[ \t]*\Z")

_PATH = re.compile(r"\A(?:<\w+:)?[^<>]*[/\\][^<>]*\Z|\w-\Z")

# elements of HTML, written as tags or escaped; of BBCode, LaTeX, Org and Jira; comments

_ELEMENTS = (
    "code|pre|blockquote|q|kbd|samp|var|tt|xmp|listing|script|style|template|textarea|title|del|s|strike|a|td|th"
    r'|(?:user|human|system)(?:[_-]\w+)?|untrusted(?: id="[0-9a-f]{12,64}")?'  # a prompt's own fence ends with the same id
)
_TAG = re.compile(
    rf"(?P<html>(?:<|&lt;)(?P<html_end>/?)(?P<html_name>{_ELEMENTS})(?=[\s>/&]))"
    r"|(?P<bb>\[(?P<bb_end>/?)(?P<bb_name>code|quote)(?=[\]=]))"
    r"|(?P<tex>\\(?:begin|(?P<tex_end>end))\{(?P<tex_name>verbatim|lstlisting|minted|quote|quotation)\})"
    r"|(?P<org>#\+(?:begin|(?P<org_end>end))_(?P<org_name>src|example|quote))"
    r"|(?P<jira>\{(?P<jira_name>code|noformat|quote)(?::\w{1,20})?\})"
    r"|(?P<cdata><!\[CDATA\[|(?P<cdata_end>\]\]>))"
    r"|(?P<comment><!--|(?P<comment_end>-->))"
    r"|(?P<block>\s/\*|(?P<block_end>\*/))",
    re.IGNORECASE,
)
_MAY_BE_TAG = re.compile(r"[<&\[\\#{*>]")
_ENDS = {
    "html": r"(?i:(?:<|&lt;)/{}\s*(?:>|&gt;))",
    "bb": r"(?i:\[/{}\])",
    "tex": r"\\end\{{{}\}}",
    "org": "(?i:#\\+end_{})",
    "jira": r"\{{{}\}}",
    "cdata": r"\]\]>",
    "comment": "-->",
    "block": r"\*/",
}


class Mark(NamedTuple):
    """What would end the mention that a call stands in: a pattern, and where the search for it ends."""

    closing: str  # nothing where the call is a mention, whatever follows
    stop: str = ""
    why: str = ""


AS_AN_EXAMPLE = Mark("", why="behind words that explain how calls are written")
BESIDE_A_CALL = Mark("", why="beside a call in a form of its own")
_IN_QUOTATION = Mark("", why="in a quotation")
_IN_TABLE = Mark("", why="in a table, or among lines of code")
_ON_THE_LINE = Mark("", why="on a line of a table, a log or code, or in a sentence about it")
_INDENTED_CODE = Mark("", why="in indented code")
_IN_CODE = Mark("", why="behind a line of code")
_IN_PATH = Mark("", why="in an address or a path")


class Form(Enum):
    """How a call is written, which says what makes a mention of it."""

    MARKED = "a form of its own: only quotes, code and a block quote do"
    LABELLED = "behind a label on a line of its own: an indented line is code as well"
    UNMARKED = "JSON, or a list of calls in Python: code and data look like it, so all of a line counts"
    IN_PROSE = "NAME(...): all of a line counts"
    PURE = "NAME(...) of a PURE tool, which changes nothing: only quotes, code and a URL do"


@dataclass(slots=True, eq=False)
class Surroundings:
    """The prose before a call: the quotes and the elements that are open, and the line so far.

    What it says depends on the text alone, never on the pieces in which it was fed.
    """

    open_backticks: int = 0
    """How many opened the inline code."""
    _code: str = ""
    """The end of the inline code so far."""
    unread: list[str] = field(default_factory=list)
    """Prose that is searched when a call is found, with CALL for each call."""
    _paragraph: str = "\n"
    """Of this paragraph, what has not been searched for quotes, behind one character that was."""
    _open: tuple[str, ...] = ()
    """The quotes that are open before it, outermost first."""
    _sought: tuple[int, tuple[str, ...]] = (1, ())
    """A place of the paragraph, and the quotes that are open there: a long line with many calls is searched for them once."""
    _line: int = 1
    """Where the line begins in the paragraph."""
    _head: str = ""
    """The beginning of a line that was cut."""
    last_line: str = ""
    """The last line that is not blank, without the one so far."""
    _in_list: bool = False
    _in_table: bool = False
    _seen_text: bool = False
    _tags: tuple[tuple[str, str], ...] = ()
    """The kinds and names of the open ones."""
    _tag: str = "\n"
    """The end of the prose, which may be the beginning of a tag."""

    @property
    def line(self) -> str:
        """Return the prose of the line so far: of a very long one, the beginning and the end."""
        if self.unread:
            self._read()
        return self._head + self._paragraph[self._line :]

    @property
    def line_before(self) -> str:
        """Return the line so far, or the last one before it that is not blank."""
        line = self.line
        return line if line.strip() else self.last_line

    @property
    def at_line_start(self) -> bool:
        """Tell whether there is only white space on the line so far."""
        return not self.line.strip()

    def feed(self, piece: str) -> None:
        """Take in a further piece of prose."""
        if "`" in piece or self.open_backticks:
            self._count_backticks(piece)
        self.unread.append(piece)

    def _read(self) -> None:
        """Search what was fed since the last time: most prose has no call behind it, and is not searched at all."""
        piece = "".join(self.unread)
        self.unread.clear()
        # Lines that hold nothing but calls change nothing: no quote and no tag is open in front of them or opens in them.
        if _ONLY_CALLS.fullmatch(piece) and not (len(self._paragraph) > 1 or self._head or self._tags):
            self._tag, self.last_line = "\n", CALL
            return
        self._find_tags(piece)
        self._paragraph += piece
        if "\n" in piece:
            self._end_lines(len(self._paragraph) - len(piece))
        if len(self._paragraph) > 2 * _LONGEST_PARAGRAPH:
            cut = len(self._paragraph) - _LONGEST_PARAGRAPH
            if cut > self._line:
                self._head = self._head or self._paragraph[self._line : self._line + _LONGEST_HEAD]
            self._search_quotes(cut)

    def begin_code(self) -> None:
        """Note that a code block begins here."""
        if self.unread:
            self._read()

    def end_code(self) -> None:
        """Note that the code block ends here. Quotes and tags inside of it open nothing."""
        self.unread.clear()
        self.open_backticks, self._open, self._paragraph, self._line, self._head, self.last_line = 0, (), f"\n{CALL}", 1, "", CALL
        self._sought = 1, ()

    def _count_backticks(self, piece: str) -> None:
        # As in CommonMark, inline code that two backticks open is closed by two and not by one, on the same line or a later one.
        text = self._code + piece
        for found in _BACKTICKS.finditer(text):
            if found.end() <= len(self._code):
                continue
            size = len(found[0])
            if found[0][0] == "\n":
                self.open_backticks = 0
            elif not self.open_backticks:
                self.open_backticks = size
            elif self.open_backticks == size:
                self.open_backticks = 0
        self._code = text[-_LONGEST_TAG:] if self.open_backticks else ""

    def _find_tags(self, piece: str) -> None:
        text = self._tag + piece
        if not _MAY_BE_TAG.search(text):
            self._tag = text[-2:]  # the beginning of a comment, or the end of one
            return
        end, tags = 0, list(self._tags)
        for found in _TAG.finditer(text):
            end, kind = found.end(), next(kind for kind in _ENDS if found[kind])
            groups = found.groupdict()
            tag = kind, (groups.get(f"{kind}_name") or "").lower()
            if not groups.get(f"{kind}_end") and not (kind == "jira" and tag in tags):
                tags = [*tags[-7:], tag]
            elif tag in tags:
                del tags[len(tags) - 1 - tags[::-1].index(tag) :]
        self._tags, self._tag = tuple(tags), text[max(end, len(text) - _LONGEST_TAG) :]

    def _end_lines(self, new: int) -> None:
        """Note the lines that the prose from `new` on has ended. A blank line ends the paragraph, and every quote that is open."""
        text, begin = self._paragraph, self._line
        while (end := text.find("\n", max(begin, new))) >= 0:
            line, self._head = self._head + text[begin:end], ""
            begin = new = end + 1
            if line[:1].isalpha() and line[0] not in "if" and "|" not in line:  # most lines of prose
                self.last_line, self._in_list, self._seen_text = line[-_LONGEST_HEAD:], False, True
                continue
            # Brackets alone close data as well, and a comment changes nothing.
            if line.strip(" \t\r)]}") and not (_COMMENT.match(line) and _is_code(self.last_line)):
                self.last_line = line[-_LONGEST_HEAD:]
            if not line.strip():
                self._open, self._paragraph, self._sought = (), f"\n{text[begin:]}", (1, ())
                text, begin, new = self._paragraph, 1, 1
                self._in_table = False
                continue
            if ("|" in line and _DELIMITER_ROW.fullmatch(line)) or (line[0] in "@#if" and _CODE_FOLLOWS.match(line)):
                self._in_table = True
            elif not _INDENTED.match(line) and line.strip(f" {CALL}"):
                self._in_list, self._seen_text = _LIST_ITEM.match(line) is not None, True
        self._line = begin

    def _search_quotes(self, end: int) -> None:
        """Note the quotes that are open at `end`, and forget the text before it, but for the neighbour of what follows."""
        self._open = _find_open_quotes(self._paragraph, self._open, end)
        self._paragraph, self._line = self._paragraph[end - 1 :], max(1, self._line - end + 1)
        self._sought = 1, self._open

    def _find_quotes(self) -> tuple[str, ...]:
        """Return the quotes that are open at the end of the paragraph."""
        text, (begun, found) = self._paragraph, self._sought
        if (space := text.rfind(" ", begun, -1)) > begun:  # no quote is told by what stands behind a space
            self._sought = begun, found = space, _find_open_quotes(text, found, space, begun)
        return _find_open_quotes(text, found, len(text), begun)

    def find_mention(self, form: Form, native: bool) -> Mark | None:
        """Return what would end the mention that a call stands in here, or why it is one. None where it is a request.

        With `native`, the endpoint takes tools, and a call in an unmarked form counts only on a line of its own.
        """
        if self.unread:
            self._read()
        line = self._head + self._paragraph[self._line :]
        if form is Form.IN_PROSE and _is_code(self.last_line):
            return _IN_CODE
        if (line or self._in_table) and (spoken_of := self._find_spoken_of(line, form, native)):
            return spoken_of
        if self._line > 1:  # lines that have ended are searched once, however many calls follow
            self._search_quotes(self._line)
        if quotes := self._find_quotes():
            return _MARKS[quotes[-1]]
        if self._tags:
            kind, name = self._tags[-1]
            return Mark(_ENDS[kind].format(name), why=f"in an element <{name}>" if name and kind == "html" else "in code or a quotation")
        return None

    def _find_spoken_of(self, line: str, form: Form, native: bool) -> Mark | None:
        """Return why what follows on this line is no request: it stands in a quotation, a table, a log, a prompt, a comment or code."""
        word = "" if line[-1:].isspace() else line[-_LONGEST_HEAD:].rpartition(" ")[2]
        if form is Form.PURE:
            return _IN_PATH if "://" in word else None
        begins_with_word = line[:1].isalpha()
        if not begins_with_word and _QUOTED_LINE.match(line):
            return _IN_QUOTATION
        if form is Form.MARKED:
            return None
        if not begins_with_word and self._seen_text and not self._in_list and _INDENTED.match(line):
            return _INDENTED_CODE
        if form is Form.LABELLED:
            return None
        if self._in_table:
            return _IN_TABLE
        if (_MAY_BE_SPOKEN.search(line) or not _LAST_WORDS.isdisjoint(line.rsplit(None, 2)[-2:])) and (
            _SPOKEN_LINE.match(line) or _SPOKEN_BEFORE.match(line if len(line) <= _LONGEST_HEAD else line[-_LONGEST_HEAD:])
        ):
            return _ON_THE_LINE
        if form is Form.UNMARKED:
            return _ON_THE_LINE if native and not line.isspace() else None
        if ("/" in word or "\\" in word or word.endswith("-")) and _PATH.search(word):
            return _IN_PATH
        return None


def holds_code(arguments: str, *, takes_words: bool) -> bool:
    """Tell whether arguments hold statements, as a function that is given to another one does, or are what only CMake or Vim takes.

    A tool that takes one text and nothing else `takes_words`, whatever they are.
    """
    if "\n" in arguments and _STATEMENTS.search(arguments) is not None and _STATEMENTS.search(_STRING.sub("", arguments)) is not None:
        return True
    return not takes_words and _NOT_FOR_TOOLS.match(arguments) is not None


def find_behind(buffer: TextBuffer, end: int) -> Incremental[re.Match[str] | None]:
    """Return how the sentence goes on behind a call, with its next word whole; None if it does not."""
    found = yield from match(buffer, GOES_ON, end, _LONGEST_BEHIND)
    while found is not None and found.end() == len(buffer.text) and not buffer.ended:
        yield
        found = GOES_ON.whole.match(buffer.text, end, end + _LONGEST_BEHIND)
    return found


def is_in_clause(line: str) -> bool:
    """Tell whether the words of a sentence lead up to what follows on this line, and nothing sets it apart from them."""
    return _IN_CLAUSE.search(line[-_LONGEST_TAG:]) is not None


def goes_on(line: str, behind: re.Match[str] | None) -> bool:
    """Tell whether a call between `line` and `behind` is a part of their sentence. Who says that he acts now makes it all the same."""
    if behind is None:
        return False
    if behind[1] is not None and behind[1].lower() in _DENIED:
        return True
    if announces(line):
        return False
    if is_in_clause(line) and not begins_sentence(line):
        return True
    return behind[1] is not None and behind[1].lower() not in _ADDED and not _BEGINS_CLAUSE.match(behind[1])


def is_told(line: str) -> bool:
    """Tell whether what follows on this line is told as done: "I already ran", "we have called"."""
    words = line[-_LONGEST_TAG:].lower().split()[-2:]
    return len(words) == 2 and words[1] in _DONE and words[0] in _TOLD


def _is_code(line: str) -> bool:
    """Tell whether this is a line of code. Most lines of prose end in none of the marks that one does."""
    may_be = line.rstrip()[-1:] in (";", "{", "}", ")", ":") or line.lstrip()[:1] in (".", "@", "#")
    return may_be and _LINE_OF_CODE.match(line) is not None


def _find_open_quotes(text: str, already: tuple[str, ...], end: int, begin: int = 1) -> tuple[str, ...]:
    """Return the quotes that are open at `end`, outermost first; `already` are those that are open at `begin`."""
    # Most lines hold no quote at all, and to look for four texts costs a tenth of a search for any of all quotes.
    if not already and (part := text[begin:end]).isascii() and not ("'" in part or '"' in part or "~~" in part or "&quot;" in part):
        return ()
    found = list(already)
    for mark in _QUOTE.finditer(text, begin, end):
        quote = mark[0]
        if quote == "\n":
            found = [each for each in found if _MARKS[each].stop != _END_OF_LINE]
            continue
        before, after = text[mark.start() - 1 : mark.start()], text[mark.end() : mark.end() + 1]
        if quote in "'’״" and not _is_single_quote(quote, before, after, found):
            continue
        if found and (quote in _CLOSES.get(found[-1], found[-1])):
            found.pop()
        elif quote in _MARKS and (quote != "”" or not before.strip(_OPENING)):
            found = [*found[-7:], quote]
    return tuple(found)


def _is_single_quote(quote: str, before: str, after: str, opened: list[str]) -> bool:
    """Tell a single quote from an apostrophe: it opens behind no letter and closes before none."""
    if opened and quote in _CLOSES.get(opened[-1], opened[-1]):
        return not re.match(f"[{_APOSTROPHIC}]", after) and not before.isspace()
    return quote in "'״" and not before.isalnum() and not after.isspace()


_IN_QUOTES = "in quotes"


def _make_mark(quote: str) -> Mark:
    if quote in "'״‘‚❛":
        closes = _CLOSES.get(quote, quote)
        return Mark(rf"(?<!\s)[{closes}](?![{_APOSTROPHIC}])", _END_OF_LINE, _IN_QUOTES)
    if quote in _CLOSES and quote != "”":
        return Mark(f"[{_CLOSES[quote]}]", _END_OF_PARAGRAPH, _IN_QUOTES)
    return Mark(re.escape(quote), _END_OF_LINE, "struck out" if quote == "~~" else _IN_QUOTES)


_MARKS = {quote: _make_mark(quote) for quote in (*_CLOSES, *_STRAIGHT, "~~", "&quot;")}


def mark_code(backticks: int) -> Mark:
    """Return what ends inline code that so many backticks opened."""
    return Mark(rf"(?<!`)`{{{backticks}}}(?!`)", _END_OF_BLOCK, "in code")


def find_closing(buffer: TextBuffer, mark: Mark, at: int) -> Incremental[int]:
    """Return the offset behind the mark that closes a mention, or -1 where the search for it ends first."""
    start, end = buffer.unmatched.get(mark.closing, (0, -1))
    if start <= at < end:
        return -1  # a long line of many calls behind a quote that is never closed is searched once, not once for each call
    pattern = re.compile(f"({mark.closing})|{mark.stop}" if mark.stop else f"({mark.closing})")
    begin = at
    while True:
        found = pattern.search(buffer.text, at)
        if found is not None and (found.end() < len(buffer.text) or buffer.ended):
            if found[1] is not None:
                return found.end()
            buffer.unmatched[mark.closing] = begin, found.start() + 1
            return -1
        if buffer.ended:
            buffer.unmatched[mark.closing] = begin, len(buffer.text)
            return -1
        at = max(at, _find_restart(buffer.text, found))
        yield


def _find_restart(text: str, found: re.Match[str] | None) -> int:
    """Return where to search on when more text has arrived: white space and the beginning of a tag at its end may become a mark."""
    if found is not None:
        return found.start()
    return len(text) - _LONGEST_TAG
