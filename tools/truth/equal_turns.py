"""Texts in equal turns: one wording for bounds, notice, prices, refunds, what is free, duties, weekdays, and rules in the future tense.

A sentence and a statement that are put otherwise meet in the same words: "you get your money back", "refunds will be given" and "is
refunded" are one. Each turn keeps what a text says; what it does not recognise it leaves alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_MONEY = (
    r"(?:(?:[A-Z]{1,3})?[$€£¥]\s?\d[\d.,]*|\d[\d.,]* ?(?:euros?|dollars?|pounds?|cents|pence|EUR|USD|GBP|CHF|NOK|SEK|DKK|yen|francs?)\b)"
)
_NUMBER = r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|an?)"
_SPAN = r"(?:minute|min|hour|hr|day|night|week|month|year)s?"
_DAYS = {
    "mon": "Monday", "tue": "Tuesday", "tues": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "thur": "Thursday",
    "thurs": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday",
}  # fmt: skip
_DAY = r"(?:mon|tues?|wed|thur?s?|fri|sat|sun)"
_GENERIC = re.compile(
    r"\b(?:you|your|any|each|every|all|no|not|if|when|whenever|where|unless|once|cannot)\b|[$€£%]|^[A-Z]\w+s (?!\w+'s)", re.I
)
_EVENT = re.compile(
    r"\b(?:20\d\d|soon|next|shortly|this (?:year|month|week|spring|summer|autumn|winter)|coming|new|plans?|future|"
    r"(?:january|february|march|"
    r"april|june|july|august|september|october|november|december|spring|summer|autumn|winter)(?! break))\b",
    re.I,
)


def _spell_day(found: re.Match[str]) -> str:
    return _DAYS[found[1].casefold()]


_ANYBODY = re.compile(r"(?:you|we all|people|everyone|everybody|one)", re.IGNORECASE)


def _tell_price(found: re.Match[str]) -> str:
    """Return who pays what for a thing as what the thing costs."""
    whom = "" if _ANYBODY.fullmatch(found["who"].strip()) else f" for {found['who']}"
    return f"{found['what']} costs {found['sum']}{whom}{found['end']}"


_TURNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), plain)
    for pattern, plain in (
        # people
        (
            r"\b(?:children|kids|persons?|people|anyone|anybody|those|guests|visitors|(?<=no )one|nobody) (?:aged |who are |who is )?"
            r"(?:under|below|younger than)(?: the age of)? (?=\d+\b(?! ?(?:%|€|euro|dollar|pound)))",
            lambda found: "nobody under " if found[0].casefold().startswith("nobody") else "people under ",
        ),
        (r"\b(under|over)-(\d+)s\b", r"people \1 \2"),
        (r"\bnon-?([a-z]+s) (?:cannot|can not|may not|are not allowed to|must not)\b", r"only \1 can"),
        # days
        (rf"\b({_DAY})\b\.?(?=\s*(?:-|–|to\b|through\b|&|and\b|,|:|/)\s*(?:{_DAY}|\d|closed|open))", _spell_day),
        (rf"(?<=day)(\s*(?:-|–|to|through|&|and)\s*)({_DAY})\b", lambda found: f"{found[1]}{_DAYS[found[2].casefold()]}"),
        (r"\b(?:on )?(?:saturdays?\s*(?:-|–|to|through|&|and)\s*sundays?|(?:the )?weekends?)\b", "on Saturdays and Sundays"),
        (r"\bon on\b", "on"),
        (r"\bfortnight\b", "two weeks"),
        (r"\b(12 )(?:noon|midday)\b", "noon"),
        # bounds
        (
            rf"\b(?:a |at )?(?:min(?:imum|\.)?(?: of)?|least) (?P<low>{_NUMBER})(?: [a-z]+)? and "
            rf"(?:a |at )?(?:max(?:imum|\.)?(?: of)?|most) (?={_NUMBER}\b)",
            r"between \g<low> and ",
        ),
        (rf"\b(?:not|no) (?:more|longer) than (?={_NUMBER})|\bat (?:the )?most (?={_NUMBER})", "up to "),
        (rf"\b(?:a |the )?max(?:imum|\.)? (?:of )?(?={_NUMBER})", "up to "),
        (rf"\b(?:(?:is|are) )?(?:limited|restricted) to (?={_NUMBER})|\b(?:never|not) (?:to )?exceeds? (?={_NUMBER})", "up to "),
        (rf"\b(?:not|no) (?:less|fewer) than (?={_NUMBER})|\b(?:a |the )?min(?:imum|\.) (?:of )?(?={_NUMBER})", "at least "),
        (rf"\b(?:of )?({_MONEY}) (?:and|or) (?:above|over|up(?:wards)?|more)\b", r"of at least \1"),
        (rf"\b({_NUMBER} {_SPAN}) or (?:more|longer)\b", r"at least \1"),
        (rf"\b(over|under|above|below|of) (?:the |a )?(?:total )?(?:value|amount|sum|total) of (?={_MONEY})", r"\1 "),
        (r"\border values? (?=(?:of|over|under|above|below)\b)", "orders "),
        (rf"\bone (?={_SPAN}\b)", "1 "),
        (rf"\b(?:an?) (?={_SPAN} (?:in advance|ahead|before|prior|after|later|or more))", "1 "),
        (rf"(?<=\bat least )an? (?={_SPAN}\b)", "1 "),
        (r"\b(an?|one) (day|week|month|year)['’]s (?=[a-z])", r"1 \2 "),
        (
            rf"\b(?:over|above|exceeding|(?:of |weighing )?more than|heavier than|longer than|larger than) "
            rf"(?P<figure>{_NUMBER} ?(?:kg|g|cm|m|km|l|"
            rf"{_SPAN}|people|persons)) (?:cannot be|can not be|(?:are|is) (?:not|never)|will not be|may not be) "
            rf"(?=(?:accepted|taken|allowed|"
            rf"admitted|permitted)\b)",
            r"up to \g<figure> are ",
        ),
        (r"\b(?:twice|two times) (?:a|per|each|every) year\b|\btwice (?:yearly|annually)\b", "every 6 months"),
        # notice
        (rf"\bwith (?:at least |less than |fewer than )?{_NUMBER} {_SPAN}['’]? notice", lambda found: f"{found[0][5:-7]} before"),
        (rf"(?P<lead>{_NUMBER} {_SPAN})['’]? notice\b", r"\g<lead> before"),
        (rf"(?P<lead>{_NUMBER} {_SPAN}) (?:in advance(?: of)?|ahead(?: of)?|beforehand|prior to|earlier than)\b", r"\g<lead> before"),
        # free
        (
            r"\b(?:at|for|with|without) (?:no|any) (?:extra |additional |further )?(?:costs?|charges?|fees?)\b(?! of)|"
            r"\b(?:complimentary|gratis)\b|"
            r"\bfor nothing\b",
            "free of charge",
        ),
        (r"\bcosts? nothing\b", "is free of charge"),
        (r"\bfor as long as (?:they|you|he|she|one|it|we) (?:like|likes|want|wants|wish|wishes|please|pleases)\b", "for an unlimited time"),
        # refunds
        (
            r"\b(?:gets?|getting|receives?|(?:is|are) given|has|have|claims?) (?:(?:his|her|their|your|the|its) )?"
            r"(?:(?:full|whole|entire) )?"
            r"money back\b|\b(?:is|are) entitled to (?:a|any) refund\b",
            "is refunded",
        ),
        (r"\bthe money is (?:paid|given|sent|handed) back\b", "is refunded"),
        (r"\b(?:gets?|getting|receives?) (?:all|the whole) (?:of )?(?:his|her|their|your|the) money back\b", "is fully refunded"),
        (r"\b(?:gets?|getting|receives?|gives?) (no) money back\b", "is not refunded"),
        (r"\bthe (?:money|sum|amount|price|payments?)(?: paid)? (?:for|of) ((?:\w+ ){0,3}\w+) "
            r"(is|are) (not )?(?:given|paid|handed|sent) back\b",
         r"\1 are \3refunded"),
        (r"\bmoney(?: paid)? (?:for|of) ((?:\w+ ){0,3}\w+) (is|are) (not )?(?:given|paid|handed|sent) back\b", r"\1 are \3refunded"),
        (r"\b(is|are|be) (not )?(?:given|paid|handed) back\b", r"\1 \2refunded"),
        (r"\b(?:pay|give|hand)s? (?:the |their |your |all )?(?:money|sum|price|fees?) back\b", "refund"),
        (r"\b(is|are) (?:non-?refundable|not refundable)\b", r"\1 not refunded"),
        (r"\bno refunds? (?:is |are |will be |can be |shall be )?"
            r"(?:given|issued|made|offered|provided|granted|available|possible)?(?: for| on| to)?\b",
         "nothing is refunded for"),
        (r"\brefunds? (?:is|are|will be) (?:paid(?: out)?|processed|sent|transferred)\b", "refunds are given"),
        # prices
        (r"\b(is|are|be) (?:due|payable)(?= (?:in|by|within|on|at|one|two|an?|before|prior|when|upon|no later|\d))", r"\1 paid"),
        (
            rf"^(?P<who>[^,;:.]{{2,40}}?) (?:pays?|must pay|has to pay|have to pay) (?P<sum>{_MONEY}(?: (?:per|an?|each) \w+)?) (?:for|to) "
            rf"(?P<what>(?:(?!,|;|\band\b).)+?)(?P<end>[.]?)$",
            _tell_price,
        ),
        (rf"^the (?:price|cost|fee|charge|rate) (?:of|for) (?P<what>[^,;:]+?) (?:is|amounts to) (?={_MONEY})", r"\g<what> costs "),
        (r"\b((?:saves?|gets?|earns?|avoids?)\b[^,;.]*?) by (?=\w+ing\b)", r"\1 when "),
        (rf"\bincurs? (?:an? |the )?(?:\w+ive |admin |handling )?(?:charge|fee|cost) of (?={_MONEY})", "costs "),
        (rf"\b(?:can|may) be (\w+ed) (?:for|at) (?={_MONEY})", r"are \1 for "),
        (rf"\b(?:is|are) (?:priced at|available (?:for|at)|billed at|charged at|set at) (?={_MONEY})|"
            rf"\b(?:comes to|amounts? to) (?={_MONEY})", "costs "),
        (r"\b(?:a )?(?:discount|reduction|rebate) of (\d+ ?(?:%|percent))", r"\1 off"),
        (r"\b(?:an? )?(\d+ ?(?:%|percent)) (?:less|cheaper|rebate|reduction|discount)\b", r"\1 off"),
        (r"\b(?:is|are) (?:discounted|reduced) by (\d+ ?(?:%|percent))", r"is \1 off"),
        (r"\b(?:is|are) done at (\d+ ?(?:%|percent)) off\b", r"is \1 off"),
        # duties
        (r"\b(?:cannot|can not|can't|may not) (be )?(\w+) without\b", lambda found: f"must {found[1] or ''}{found[2]} with"),
        (r"\bmust come with (?=an?\b)", "must be accompanied by "),
        (
            r"^only (?:people|persons|those|customers|guests|visitors|anyone|members)? ?(?:with|who have|having) "
            r"(?P<need>[^,;.]+?) (?:can|may) "
            r"(?P<what>[^,;.]+)",
            r"to \g<what> you must have \g<need>",
        ),
        (r"^no (?P<what>[a-z][\w' -]*?) without (?P<need>[^,;.]+)", r"\g<need> is required for \g<what>"),
        (r"^no (?P<what>[a-z][\w' -]{2,30}?) (?:is |are )?(?:needed|required|necessary)\b", r"you do not need \g<what>"),
        (
            r"^(?P<what>(?!no\b|not\b)[a-z][\w' -]{2,40}?) (?:is|are) not (?:needed|required|necessary|mandatory|obligatory|compulsory)\b",
            r"you do not need \g<what>",
        ),
        (r"\b(?:do not|don't|does not|need not) (?:need|have) to\b", "do not need to"),
        (r"^no (?P<what>[a-z][\w' ]{2,30}?) (?P<where>(?:in|on) (?:the |our )?[\w' ]+)(?=[.!]?$)", r"\g<what> are not allowed \g<where>"),
        (r"^please (?!note)(?=[a-z]+)", "you must "),
        (r", please (?!note)(?=[a-z]+)", ", you must "),
        (r"\b(?:is|are) (?:asked|requested|expected|obliged|required) to\b|\b(?:has|have|needs?) to\b(?! offer)", "must"),
        (r"\b(?:is|are) (?:not permitted|not allowed|forbidden|prohibited|banned) (?:to|from)\b", "may not"),
    )
)  # fmt: skip
_WILL_BE = re.compile(r"\b(?:will|shall) be (?=\w)", re.IGNORECASE)
_WILL_DO = re.compile(r"\b(?:will|shall) (?!not\b|be\b|only\b)(?=[a-z])", re.IGNORECASE)


@lru_cache(4_096)
def put_equally(text: str) -> str:
    """Return an English text with its turns put in the one wording that this module gives to each."""
    for pattern, plain in _TURNS:
        text = pattern.sub(plain, text)
    if _GENERIC.search(text) and not _EVENT.search(text):  # "refunds will be given" is a rule, "a pool will be built" a plan
        text = _WILL_DO.sub("", _WILL_BE.sub("are ", text))
    return " ".join(text.split())
