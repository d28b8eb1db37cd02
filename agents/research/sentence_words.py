"""How sentences are worded: what points back, what speaks to customers, what has no subject, what is furniture of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from sayso.tools.quantities import Amount, Kind, find_amounts, find_labels
from sayso.tools.quick_patterns import QuickPattern
from sayso.tools.truth.grammar import is_verb
from sayso.tools.truth.languages import find_language
from sayso.tools.truth.lexicon import look_up
from sayso.tools.truth.words import Word, find_words, is_light_stem, stem, tokenize

LONGEST = 360
OLD = re.compile(r"~~[^~\n]*~~")
SPACES = re.compile(r"\s+")
EAST = re.compile(r"[\u3040-\u9fff]")
CONNECTIVE = re.compile(
    r"(?i:(?:but|and|so|however|also|in addition|moreover|besides|still|yet|then|therefore|of course|aber|und|außerdem|zudem|auch|mais|"
    r"et|aussi|"
    r"de plus|pero|además|y)\b,? |また、|さらに、|そして)(?=\S)"
)
PRONOUN = re.compile(
    r"(?:(?:It|They|He|She|This|These|That|Those|Its|Their|His|Her|Both|Neither|Either|Such|Each(?! [a-z]+ (?:costs?|has|is|gets?|"
    r"takes?|comes?|holds?|pays?|needs?)\b)|All of (?:it|them)|One of them|"
    r"Some of them|Most of "
    r"them|None of them|The (?:same|former|latter|other|others)|Here|Er|Es (?=ist|war|wurde|hat|hatte|liegt|kostet|gehört|bietet|steht|"
    r"kommt|wird)|Sie|Diese[rsmn]?|Dies|Das|Dort|Dabei|Dafür|Dazu|Damit|Daher|"
    r"Davon|Deren|Dessen|"
    r"Sein|Seine|Seiner|Il|Elle|Ils|Elles|Sa|Son|Ses|Ce|Cela|Ça|C'est|Cette|Ces|Celui-ci|Leurs?|Esto|Esta|Este|Estos|Estas|Ellos|Ellas|"
    r"Él|Ella|Sus?|Het|Dit|Deze|Ze|"
    r"Zij|Hij|"
    r"Den|Det|Detta|Dessa)\b(?!['’]s (?:free|easy))|これ|それ|その|この|あれ|彼ら?|彼女)"
)
SOME_OF_THEM = re.compile(
    r"(?i:(?:the (?:two|three|four|others?)|one|two|three|four|five|six|seven|eight|nine|ten|\d+) (?:are|is|have|has|were|was|of (?:them|"
    r"these)|others?|more|still)\b)"
)
EXPLETIVE = re.compile(
    r"(?:It(?: is|'s| takes| costs (?:nothing|more|less)| pays| does not matter)? (?:possible|worth|best|easy)|Es gibt|"
    r"Il y a|Il faut|"
    r"Sie (?:können|zahlen|bekommen|erhalten|bezahlen|sparen|mieten|bringen|wählen|finden|haben)|Ihr(?:e|en)? \w+ (?:wird|ist|kommt)|"
    r"Das \w+ (?=\w)|"
    r"Det finns|That(?:'s| is) (?:it|all)|Het (?!is\b)\w+|Den \w+|Det \w+|Su \w+)\b"
)
SUBJECT_PRONOUN = re.compile(r"(?:It|They|Er|Sie|Es|Il|Elle|Ils|Elles)\b(?= (?!is (?:possible|free)))")
HAS_SUBJECT = re.compile(
    r"(?i:(?:we|our|you|the|all|every|wir|unsere?|sie|die|der|das|nous|nos|vous|le|la|les|nosotros|el|los|las|wij|onze|de|het|vi)\b)"
)
VERB = QuickPattern(
    r"(?i:\b(?:is|are|costs?|have|has|can|includes?|comes?|takes?|gets?|pays?|sells?|weighs?|lasts?|kostet|kosten|ist|sind|hat|haben|"
    r"kann|wiegt|coûte|est|"
    r"sont|peut|cuesta|cuestan|es|son|tiene|kost|kosten|zijn|kostar|är)\b)"
)
SAYS_NO_THING = frozenset("not price cost fee rate total onli each just now extra free preis kosten gebühr prix precio kost nur je".split())
POINTS = re.compile(
    r"(?i:(?:where to|how to|addresses of|list of|overview of|welcome to|find out|read more|learn more|see (?:our|the|all)|click|"
    r"hier finden)\b)"
)
LEGAL = QuickPattern(r"\b(?:Inc|Corp|LLC|L\.L\.C|Ltd|GmbH|AG|OHG|KG|SARL|SAS|S\.L|B\.V|Pty|PLC|AB|ApS|A/S)\b")
TRAIL = re.compile(r" [·|›»>/•] ")
INDEFINITE = re.compile(r"(?:An?|Eine?|Une?|Una?|Uno|Een|Ett?) (?=\w)")
FIRST_PERSON = QuickPattern(
    r"\b(?:I|I'(?:m|ve|ll|d)|[Mm]y|[Mm]yself|ich|[Mm]eine?[nmrs]?|"
    r"[Jj]e(?! [^\W\d_]+t\b| [A-ZÄÖÜ\d]| [a-zäöüß]+ [A-ZÄÖÜ]| nach\b)|[Jj]'|[Mm]on|[Mm]es|yo)\b(?![.-])"
)
"""Words of who speaks alone; "je" is French there, and neither Dutch ("je betaalt") nor German ("je Stunde")."""
QUOTED = re.compile(r"[\"“„«'][^\"”“»]*[\"”“»']?[.!?]?(?:\s*[-–—].*)?\Z")
NOTICE = QuickPattern(
    r"(?i:cookie|©|\(c\) \d{4}|\ball rights reserved|\bprivacy|datenschutz|\bimprint\b|\bimpressum\b|terms (?:of|and)|\bagb\b|javascript|"
    r"newsletter|subscribe|"
    r"skip to|\blog ?in\b|\btrade ?marks?\b|\b(?:are|is a) (?:registered )?marks? of\b|\bsign (?:in|up)\b|add to cart|"
    r"in den warenkorb|mentions légales|aviso legal|\bvat (?:no|id)|\bust-?id|registergericht|"
    r"lorem ipsum|ray id|last (?:updated|modified)\b.{0,25}\Z|results? (?:found|shown)|ergebnisse|\(pdf\)|see (?:the|our) price)"
)
QUOTATION = re.compile(r"[“„«\"][^“”„«»\"]*[”“»\"]")
SPEAKS_AS_US = re.compile(r"\b(?:[Ww]e|[Oo]urs?|us|[Oo]urselves)\b")
"""A report speaks about a business, not as one."""
_LIMITING = "including|excluding|depending|starting|beginning|assuming|providing (?:that|you)"
_MAKES_OF_IT = re.compile(rf",\s+(?:and |thus |thereby |therefore )?(?!{_LIMITING})\w{{3,}}ing\b[^,;]*[.!]?\Z")
_ADDED = re.compile(
    r",\s+(?=\w{3,}ing\b)|(?:,\s+|\s+(?=while|with))(?:and\s+|but\s+)?(?=(?:while|with|which|who|so|for)\b)"
    r"|(?P<clause>,?\s+(?:and|but)\s+(?=\w)|;\s+)"
)
_MOST_CUTS = 3
YES_OR_NO = re.compile(r"(?i:(?:yes|no|ja|nein|oui|non|sí|si|hai|はい|いいえ)\b[,.!:;]?)")


@lru_cache(4_096)  # for each question about a page, and for the page
def is_worth_it(text: str) -> bool:
    return 1 < len(text) <= LONGEST and not NOTICE.search(text) and any(letter.isalnum() for letter in text)


def needs_place(written: str, amounts: Sequence[Amount]) -> bool:
    """Return whether a text is hours or an address: what stands over it says of which place."""
    return sum(amount.kind is Kind.TIME for amount in amounts) > 1 or bool(find_labels(written))


def starts_with_article(text: str) -> bool:
    """Return whether a text begins with "a", "ein", "une": it describes a thing that is named before it."""
    return bool(INDEFINITE.match(text))


def cut_amounts(text: str, but: Kind | None = None) -> str:
    """Return a text without its amounts, those of one kind excepted."""
    for amount in reversed(find_amounts(text)):
        if amount.kind is not but:
            text = f"{text[: amount.span[0]]} {text[amount.span[1] :]}"
    return text


def has_money(text: str) -> bool:
    return any(amount.kind is Kind.MONEY for amount in find_amounts(text))


def needs_more(written: str) -> bool:
    """Return whether a text has too few words of its own to say what it is about: "Only 12 € a day!"."""
    rest = cut_amounts(written, but=Kind.COUNT)
    if sum(amount.kind is Kind.TIME for amount in find_amounts(written)) > 1:
        return False  # "Weekdays 7.30am to 4pm"
    is_sentence = written.endswith((".", "!", "。")) and len(rest.split()) > 1
    needed = 1 if is_sentence or EAST.search(written) or VERB.search(written) else 2
    return len(find_content(rest) - SAYS_NO_THING) < needed


@lru_cache(2_048)
def find_content(text: str) -> frozenset[str]:
    stems = ((word, stem(word)) for word, _, _ in find_words(text))  # without the groups of words, which cost most
    return frozenset(root for word, root in stems if not is_light_stem(word, root) and not word.isdigit() and word not in "$€£¥%")


def shares_word(one: str, other: str) -> bool:
    if EAST.search(one):
        return one in other or other in one
    return not find_content(one).isdisjoint(find_content(other))


_ONE_OF_THEM = re.compile(
    r"The (?:small|larg|bigg|old|new|young|cheap|long|short)\w*est (?:of (?:them|these) )?(?:has|is|was|costs?|takes?|holds?|seats?)\b"
    r"|The (?:latter|former|other(?:s| one)?|rest) (?:has|have|is|are|was|were|costs?|takes?)\b"
)
"""One of several things that the sentence before it names."""


_THEM = re.compile(r"(?P<before>\S.*?)\b(?!of them)[\w'’-]+ them\b")
_SEVERAL = re.compile(r"(?i:\b(?:\w{2,}s|people|children|men|women|feet|geese|mice|fish|and|both|all|everyone|everybody|anyone|who)\b)")


def is_anaphoric(sentence: str) -> bool:
    """Return whether a sentence points to something said before it: it begins with "They", or has a "them" without things before it."""
    them = _THEM.match(sentence)
    if them is not None and not _SEVERAL.search(them["before"]):
        return True
    return bool(SOME_OF_THEM.match(sentence) or _ONE_OF_THEM.match(sentence)) or (
        bool(PRONOUN.match(sentence)) and not EXPLETIVE.match(sentence)
    )


def is_sentence(text: str) -> bool:
    """Return whether a text has a verb with something before it: "Rental of bikes by the day" has none. Only English is judged."""
    words = tokenize(text)
    if find_language(word.text.casefold() for word in words) not in ("", "en"):
        return True
    return any(is_verb(words, place) or _is_verb_first(words[place]) for place in range(1, len(words)))


def _is_verb_first(word: Word) -> bool:
    """Return whether a word is more often a verb than anything else: "get" in "Members of the club get 15% off"."""
    return (
        word.text.islower() and not word.text.endswith("ing") and any(entry.senses and entry.senses[0][0] == "v" for entry in look_up(word))
    )


def cut_ends(text: str, page: str) -> Iterator[str]:
    """Yield a sentence without what its end makes of what it says ("..., making it easy to carry"), then ever shorter beginnings of it.

    An end whose words stand on the page is no addition: it is cut off only in the shorter ones.
    """
    known = find_content(page)
    if (tail := _MAKES_OF_IT.search(text)) and not find_content(tail[0]) <= known:
        text = f"{text[: tail.start()]}."
    yield text
    has_figure = any(letter.isdigit() for letter in text)
    for joint in reversed(list(_ADDED.finditer(text))[-_MOST_CUTS:]):
        shorter, rest = f"{text[: joint.start()]}.", tokenize(text[joint.end() :])
        if joint["clause"] and not any(is_verb(rest, place) for place in range(len(rest))):
            continue  # "Basel, Bern and Chur"
        if is_sentence(shorter) and (not has_figure or any(letter.isdigit() for letter in shorter)):
            yield shorter
