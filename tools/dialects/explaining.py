"""Tell the line beside a code fence that explains how calls are written from one that says what is done now."""

from __future__ import annotations

import re

_MODAL = r"(?:can|could|would|should|may|might|must|have to|need to|will|then|simply|just|also|always|to)"
_WRITE = r"(?:write|type|call|use|invoke|send|emit|output|repl(?:y|ie)|respond|answer|pass|issue|generate|produce|return|make)"
_FORM = r"(?:formato?|syntaxe?|sintaxis|form|schema|structure|shape|pattern|template|usage|signature|notation|формат)"
_IS = r"(?:is|are|looks?|would be|goes|est|es|é|ist|lautet)"
# A noun that introduces an example ends its part of the sentence, or says of what: "an example row" and "example.com" do not.
_BEHIND_EXAMPLE = (
    r"(?=\s*(?:[:,(…：]|\.(?!\w)|\Z"
    r"|(?:of|for|how|to|calls?|usage|outputs?|replies|requests?|where|with|that|which|in|is|shows?|only)\b))"
)
_EXPLAINS = re.compile(
    rf"(?<![\w@/.\-])(?:(?:for|an?|another|this|the following|one|my|simple|short) )?"
    rf"(?:example|instance(?=\W*:)|sample|demo|illustration)s?\b{_BEHIND_EXAMPLE}"
    r"|\b(?:hypothetical|typical) (?:call|output|reply|request)\b"
    r"|\bfor (?:example|instance)\b|\be\.g\."
    r"|\b(?:such as|as in)(?: (?:this|the following))?(?: one)?\s*:?\s*\Z"
    r"|\blooks?(?: (?:like(?= (?:this|so)\b|\s*[:,.]|\s*\Z)|so\b|as follows)|\s*:\s*\Z)"
    r"|\A\W*how (?:to|it|calls?)\b|\b(?:suppose|imagine|assume|(?:when|if) (?:asked|prompted))\b"
    r"|\b(?:docs?|documentation|manual|guide)\b(?: \w+){0,2} (?:shows?|says?|gives?|finds?|reads?)\b"
    r"|\bhow (?:(?:an?|the|such|tool|function|\w+'s) ){0,2}calls? (?:looks?|is|are|works?|goes)\b"
    r"|\blike (?:this|so)\b"
    r"|\b(?:is|are|be|gets?|get) (?:written|formatted\b|(?:called|invoked|used)(?= (?:in|like|as|so|by)\b))"
    r"|\b(?:call|request|command|json|it|that) would (?:be|read)\s*:"
    rf"|(?<!as )\b(?:you|one|we|models?|assistants?|agents?|llms?|people)(?:['’]d|(?: {_MODAL}){{1,3}}) {_WRITE}s?\b(?! (?:me|to)\b)"
    r"|(?<!as )\b(?:you (?:write|type|call)|one (?:writes|types|calls))\b(?! (?:me|that)\b)"
    rf"|\b(?:models?|assistants?|agents?|llms?) {_WRITE}s?\b"
    rf"|\b(?:the|its|their|el|il|o|le|das) (?:\w+ )?{_FORM}(?: \w+){{0,3}} {_IS}(?!\w)|\bthe {_FORM}[;,]? here\b"
    rf"|\b(?:have|has|is|are|for reference,) (?:the |this |a )?(?:\w+ )?{_FORM}\b(?! (?:valid|correct|right|ok|wrong))"
    rf"|(?:\A|[.!?] )\W{{0,5}}(?:[\w'’]+ ){{0,4}}{_FORM}(?: \w+){{0,3}}\s*:"
    r"|(?:\A|[,.:;!] |\b(?:then|just|simply|please) )(?:(?:write|type|send|reply|respond|answer)"
    r"(?: (?:with|by|in|it|this|so|an?|the|following|call|json|as|follows))+|(?:write|type|send)(?=\s*[:：]))\s*[:：]?\s*\Z"
    # other languages
    r"|\bz(?:um |\. ?)b(?:eispiel\b|\.)|\bsieht\b.{0,20}\b(?:so|wie folgt|folgendermaßen) aus\b|\bso aussehen\b"
    r"|\bfolgende\w* (?:format|form|syntax)\b|\bbeispiel(?:e|s|aufruf\w*)?\s*(?:[:：,]|\Z)"
    r"|\b(?:ein|als) beispiel\b|\b(?:so|man|sie|du) schreib\w*|\bschreib\w* (?:man|sie|du)\b"
    r"|\b(?:par|un|por|per|em|na|als|een) (?:exemple|ejemplo|esempio|exemplo|przykład|voorbeeld)\b"
    r"|\bbijvoorbeeld\b"
    r"|\b(?:exemple|ejemplo|esempio|exemplo|przykład|voorbeeld)s?(?: d[ei]?[ '’]?\w+)?\s*(?:[:：,]|\Z)"
    r"|\bcomment (?:écrire|appeler|utiliser)\b|\bcomme (?:ceci|cela|suit)\b"
    r"|\bнапример\b|\bпример\w*(?: вызова)?\s*(?:[:：,]|\Z)|例如|比如|例えば|例(?:子|を|[:：])"
    r"|[示范举]例(?!的?[行列数])|格式(?:如下|是|为|示例)|예를 들어|예시|예\s*:",
    re.IGNORECASE,
)
_EXPLAINS_BEHIND = re.compile(
    r"\b(?:this|that|it|the above|above)(?:['’]s\b|(?: \w+)? (?:is|was|shows?|would be|demonstrates?|illustrates?)\b)[^.]{0,40}?"
    rf"\b(?:examples?\b{_BEHIND_EXAMPLE}|how (?:to|an?|calls?|models?|the (?:call|tool|model)"
    rf"|(?:it|this|that|one) (?:would|looks?)|(?:you|one)(?: {_MODAL})* {_WRITE})\b"
    rf"|what (?:you|one|models?|an? \w+|the (?:model|assistant)) (?:{_MODAL} )+{_WRITE}\b|what (?:\w+ ){{1,4}}looks? like\b"
    rf"|the (?:\w+ )?{_FORM}\b)"
    r"|(?:\bis|['’]s) (?:only|just|merely) an? (?:example|illustration|sample)\b|\b(?:use|substitute|insert|with|by) your own\b"
    r"|\b(?:in|of) (?:this|the) example\b"
    r"|\b(?:you|one|models?|assistants?)(?: (?:can|could|would|should|must|have to|need to)){1,2}"
    r" (?:write|type|invoke|emit|replace)\b(?! to\b)|(?:\A|[.!?] )replace \S+ (?:with|by)\b|\bjust an example\b"
    r"|\bwhere [`\"']?\w+[`\"']? (?:is|stands|means)\b"
    r"|\b(?:do not|don't|won't|will not|have not|haven't|did not|didn't) (?:actually |really )?"
    r"(?:call|run|execut\w+|sen[dt]|made?|invoked?)(?:ed)?"
    r" (?:it|this|that|them)\b|\b(?:call|name|arguments)\b[`\"']? (?:has|have|holds?|contains?|is the tool)\b"
    r"|\bso (?:würde|schreib|ruft)\w*|\b(?:nur|nicht mehr als) ein beispiel\b"
    r"|\bn'est qu'un exemple\b|\bes (?:solo )?un ejemplo\b|以上(?:是|为)?[^。]{0,6}(?:示例|例子|格式)",
    re.IGNORECASE,
)
# Who speaks of what he does now makes a call, in whatever words: "Let me call it like this:".
_SHOWS = (
    r"(?! (?:just |now |first |also |quickly )*(?:show|explain|look at|consider|give|describe|illustrate|demonstrate|walk|tell|teach"
    r"|present|sketch|write (?:you |down )?an? |provide an? ))"
)
_ACTS = re.compile(
    rf"\bI(?:(?:'ll|’ll|'m|’m| will| am| shall| need to| must| have to| want to)(?: (?:going to|about to|now|then|first|just))*{_SHOWS}"
    r"|(?! (?:would|could|might|can|may|wrote|sent|should|show|explain|give)\b)(?= \w))"
    rf"|\b(?:let me|let's|let us){_SHOWS}"
    r"|\bje (?:vais|dois|veux)\b(?! (?:montrer|vous montrer|expliquer|donner))"
    r"|\bich(?! (?:würde|könnte|zeige|erkläre))\b|\bvo(?:y a|u)\b(?! (?:mostrar|explicar))"
    r"|我(?:将|来|会|需要|要|先|现在|按|这就)(?!给|举|展示|解释|示范|写)"
    r"|(?:\A|[.!?:;,—–] )(?:now |then |so )*(?:calling|using|running|sending|invoking|executing|removing|deleting|fetching|checking"
    r"|creating|doing|making|\w+ing (?:it|this|that|the \w+|\w+ \d+)\b)(?! (?:looks?|is|works?|would)\b)",
    re.IGNORECASE,
)
_NOT_NOW = (
    "would|could|might|can|may|should|did|had|have|was|ran|made|tried|wrote|sent|show|explain|think|thought|see|saw|know|already|previously"
)
_BEFORE_ALL = r"\W*(?:(?:ok|okay|so|now|first|then|next|sure|well|and|alright|great|please|one moment),?(?: |\Z))*"
_ANNOUNCES = re.compile(
    _BEFORE_ALL + r"(?:(?:to|for|since|as|because|before) [^,.]{1,80}, )?"
    r"(?:I(?:(?:['’]ll|['’]m)\b| (?:will|shall|am|need to|must|have to|want to)\b"
    rf"| (?!(?:{_NOT_NOW})\b|(?!need\b)\w+ed\b)\w)"
    r"|let me\b|let['’]s\b|let us\b|we(?:['’]ll| will)\b"
    r"|(?:calling|using|running|sending|placing|ordering|invoking|executing|fetching|checking|looking|trying)\b"
    r"|ich (?!würde|könnte|zeige|erkläre|habe|hatte|wollte)\w|je (?:vais|dois|veux)\b|vo(?:y a|u)\b|我(?:将|来|会|需要|要|先|现在|这就))"
    r"(?!.*(?:\b(?:not|never|nicht|nie|pas|jamais|nunca)\b|n['’]t\b|不|没))",
    re.IGNORECASE | re.DOTALL,
)
_NOTHING_BEFORE = re.compile(_BEFORE_ALL + r"\Z", re.IGNORECASE)
_LONGEST = 200
_SENTENCE = re.compile(r"[.!?]\s+(?=\S)|[。！？]")


def explains_before(line: str) -> bool:
    """Tell whether the line before a fence explains how calls are written: nobody says in its last sentence that he acts now."""
    return _EXPLAINS.search(line[-_LONGEST:]) is not None and not acts(line)


def explains_behind(line: str) -> bool:
    """Tell whether the line behind a fence says that it was an example."""
    return _EXPLAINS_BEHIND.search(line) is not None


def acts(line: str) -> bool:
    """Tell whether the last sentence of a line says what is done now."""
    return _ACTS.search(_last_sentence(line)) is not None


def announces(line: str) -> bool:
    """Tell whether the last sentence of a line begins with what is done now: "I'll", "Let me"."""
    return _ANNOUNCES.match(_last_sentence(line)) is not None


def begins_sentence(line: str) -> bool:
    """Tell whether nothing of a sentence stands before what follows on this line: "Sure, now f(x)"."""
    return _NOTHING_BEFORE.match(_last_sentence(line)) is not None


def _last_sentence(line: str) -> str:
    line = line[-_LONGEST:].rstrip()
    while found := _SENTENCE.search(line):
        line = line[found.end() :]
    return line
