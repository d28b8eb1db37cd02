"""Personal data by its form: what is found, what only looks like it, and that the cuts of a stream change nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.agents.guards import Length, Patterns, PersonalData, ReplacedText, SpanGuard, WordList
from sayso.agents.guards.checksums import is_iban

# Test numbers that the networks and processors publish.
CARDS = """
4111111111111111 4012888888881881 4242424242424242 4000056655665556 4917610000000000 5555555555554444 5105105105105100 2223003122003222
2223000048410010 378282246310005 371449635398431 343434343434343 6011111111111117 6011000990139424 3530111333300000 3566002020360505
30569309025904 3056930009020004 36227206271667 38520000023237 6200000000000005 6011577631711174 5213591727586604 4532276644577020
""".split()
# The examples of SWIFT's IBAN registry.
IBANS = [
    each.strip()
    for each in """
    AD12 0001 2030 2003 5910 0100|AE07 0331 2345 6789 0123 456|AL47 2121 1009 0000 0002 3569 8741|AT61 1904 3002 3457 3201
    AZ21 NABZ 0000 0000 1370 1000 1944|BA39 1290 0794 0102 8494|BE68 5390 0754 7034|BG80 BNBG 9661 1020 3456 78
    BH67 BMAG 0000 1299 1234 56|BR18 0036 0305 0000 1000 9795 493C 1|CH93 0076 2011 6238 5295 7|CY17 0020 0128 0000 0012 0052 7600
    CZ65 0800 0000 1920 0014 5399|DE89 3704 0044 0532 0130 00|DK50 0040 0440 1162 43|EE38 2200 2210 2014 5685
    EG38 0019 0005 0000 0000 2631 8000 2|ES91 2100 0418 4502 0005 1332|FI21 1234 5600 0007 85|FR14 2004 1010 0505 0001 3M02 606
    GB29 NWBK 6016 1331 9268 19|GR16 0110 1250 0000 0001 2300 695|HU42 1177 3016 1111 1018 0000 0000|IE29 AIBK 9311 5212 3456 78
    IL62 0108 0000 0009 9999 999|IQ98 NBIQ 8501 2345 6789 012|IT60 X054 2811 1010 0000 0123 456|KW81 CBKU 0000 0000 0000 1234 5601 01
    LC55 HEMM 0001 0001 0012 0012 0002 3015|LV80 BANK 0000 4351 9500 1|LY83 0020 4800 0020 1001 2036 1
    MT84 MALT 0110 0001 2345 MTLC AST0 01S
    MU17 BOMM 0101 1010 3030 0200 000M UR|NL91 ABNA 0417 1643 00|NO93 8601 1117 947|PL61 1090 1014 0000 0712 1981 2874
    PT50 0002 0123 1234 5678 9015 4|SC18 SSCB 1101 0000 0000 0000 1497 USD|SE45 5000 0000 0583 9825 7466|TR33 0006 1005 1978 6457 8413 26
    UA21 3223 1300 0002 6007 2335 6600 1|XK05 1212 0123 4567 8906
    """.replace("\n", "|").split("|")
    if each.strip()
]
PHONES = (
    """
+1 201-555-0123|+44 121 234 5678|+49 30 123456|+33 1 23 45 67 89|+39 02 1234 5678|+34 810 12 34 56|+48 12 345 67 89|+46 8 12 34 56
+41 21 234 56 78|+43 1 234567890|+81 3-1234-5678|+86 10 1234 5678|+91 74104 10123|+55 11 2345-6789|+61 2 1234 5678|+52 200 123 4567
+82 2-212-3456|+7 301 123-45-67|+90 212 345 67 89|+27 10 123 4567|+491512345678|+12015550123|+49 (0)30 1234567|0049 30 1234567
(201) 555-0123|201-555-0123|201.555.0123|1-201-555-0123|0121 234 5678|020 7946 0958|030/1234567|030 123456|0151 23456789|01 23 45 67 89
06 12 34 56 78|0612345678|07911123456|02 1234 5678|03-1234-5678|090-1234-5678|010-2000-0000|(11) 2345-6789|(11) 96123-4567|8 (912) 345-67-89
(0212) 345 67 89|044 668 18 00|0411 234 567
""".strip()
    .replace("\n", "|")
    .split("|")
)
PHONES_BY_A_WORD = ["612 34 56 78", "512 345 678", "2123 4567", "71 123 456", "222 123 4567", "4155552671"]
MAILS = (
    """
ada@example.org|ada.lovelace+news@mail.example.co.uk|o'brien@example.ie|user_1-2@sub.domain.example|jörg@bücher.de|用户@例子.广告
ADA@EXAMPLE.ORG|a@b.io|first.last@xn--bcher-kva.example
""".strip()
    .replace("\n", "|")
    .split("|")
)
PERSONS = (
    """
RSSMRA85T10A562S|MRTMTT25D09F205Z|1 85 05 78 006 084 91|12345678Z|X1234567L|529.982.247-25|CPF 52998224725|PESEL 44051401359|850709-9805
756.9217.0769.85|536-90-4399
""".strip()
    .replace("\n", "|")
    .split("|")
)


def group(digits: str, separator: str) -> str:
    """Write a card as it is embossed."""
    if len(digits) < 16:
        return separator.join((digits[:4], digits[4:10], digits[10:]))
    return separator.join(digits[at : at + 4] for at in range(0, len(digits), 4))


FOUND = {
    "card number": [*CARDS, *(group(card, " ") for card in CARDS), *(group(card, "-") for card in CARDS), " ".join(CARDS[0])],
    "account number": [*IBANS, *(each.replace(" ", "") for each in IBANS), *(each.lower() for each in IBANS)],
    "phone number": PHONES,
    "e-mail address": MAILS,
    "person's number": PERSONS,
}


@pytest.mark.parametrize("what", FOUND)
def test_personal_data_is_found_in_every_usual_spelling(what: str) -> None:
    guard = PersonalData()
    missed = [text for text in FOUND[what] if text_of(guard, f"It is {text}, thanks.").endswith(f"[{what}], thanks.") is not True]
    assert missed == []


def text_of(guard: SpanGuard, text: str) -> str:
    """Return what a guard leaves of a text."""
    verdict = guard.look(text)
    return verdict.text if isinstance(verdict, ReplacedText) else text


def test_a_word_before_it_says_that_a_number_is_one_of_a_phone() -> None:
    guard = PersonalData("phone")
    for number in PHONES_BY_A_WORD:
        assert text_of(guard, f"It is {number} now") == f"It is {number} now"
        for word in ("Phone: ", "call me at ", "Tel. ", "Mobile no. ", "Teléfono: ", "WhatsApp ", "手机："):
            assert text_of(guard, f"{word}{number} now") == f"{word}[phone number] now"


DISGUISED = {
    "full-width": "４１１１ １１１１ １１１１ １１１１",
    "Arabic digits": "٤١١١ ١١١١ ١١١١ ١١١١",
    "invisible characters": "4111\u200b 1111\u2060 1111\u00ad 1111",
    "thin spaces": "4111\u20091111\u20091111\u20091111",
    "mathematical digits": "𝟜𝟙𝟙𝟙 𝟙𝟙𝟙𝟙 𝟙𝟙𝟙𝟙 𝟙𝟙𝟙𝟙",
    "marks over them": "4\u0301111 1111 1111 1111",
    "a line of JSON": "\\n4111 1111 1111 1111",
    "a mail in Cyrillic letters": "аdа@ехаmple.org",
    "an account in full-width letters": "ＤＥ８９ ３７０４ ００４４ ０５３２ ０１３０ ００",
}


@pytest.mark.parametrize("text", DISGUISED.values(), ids=DISGUISED)
def test_disguises_that_a_reader_sees_through(text: str) -> None:
    assert "[" in text_of(PersonalData(), f"It is {text} now")


NOT_FOUND = {
    "a card with a wrong digit": "4111 1111 1111 1112",
    "a decimal number": "0.4111111111111111",
    "in a longer number": "94111111111111111",
    "an account with a word behind it": "DE89370400440532013000failed",
    "an account with a wrong digit": "DE88 3704 0044 0532 0130 00",
    "a country without accounts": "US89 3704 0044 0532 0130 00",
    "an ISBN": "978-3-16-148410-0 and 978 3 16 148410 0 and ISBN 0306406152",
    "dates": "01.02.2024 10:30 and 2024-05-06 07:30 and 06/07/2024",
    "amounts": "+100 000 000 USD, 4 027 345 304 EUR, 1,234,567,890",
    "an address": "192.168.100.200 and 2001:db8::1",
    "a UUID": "03546801-2298-5725-0845-4eb8629d6681",
    "handles and images": "@ada, a@b, icon_16x16@2x",
    "a time stamp": "1732924800 and 1732924800123",
    "a part of a UUID": "110bcd25-a55d-453a-8046-1297901ea002",
}
MISSED = {
    "digits in words": "four one one one, one one one one, one one one one, one one one one",
    "base64": "NDExMSAxMTExIDExMTEgMTExMQ==",
    "backwards": "1111 1111 1111 1114",
    "a sentence between": "It begins with 4111 1111 and goes on with 1111 1111",
    "letters for digits": "4lll llll llll llll",
    "a national number without a word": "612 34 56 78",
    "at and dot": "ada at example dot org",
    "a name and an address": "Ada Lovelace, 12 St James's Square, born on 10 December 1815",
}


@pytest.mark.parametrize("text", [*NOT_FOUND.values(), *MISSED.values()], ids=[*NOT_FOUND, *(f"missed: {name}" for name in MISSED)])
def test_what_only_looks_like_personal_data_is_left_and_what_the_guide_calls_missed_is_missed(text: str) -> None:
    assert text_of(PersonalData(), f"It is {text} now") == f"It is {text} now"


RANDOM = random.Random(16)
MAKERS: dict[str, tuple[Callable[[], str], float]] = {
    "order numbers of 8 digits": (lambda: f"Order {RANDOM.randrange(10**8):08}", 0),
    "order numbers of 10 digits": (lambda: f"Order {RANDOM.randrange(10**9, 10**10)}", 0),
    "order numbers of 11 digits": (lambda: f"Order {RANDOM.randrange(10**10, 10**11)}", 0),
    "order numbers of 16 digits": (lambda: f"Order {RANDOM.randrange(10**15, 10**16)}", 0.05),  # 4 of 100 are numbers of cards
    "product codes": (lambda: f"EAN {RANDOM.randrange(10**12, 10**13)}", 0),
    "time stamps": (lambda: f"at {RANDOM.randrange(1_600_000_000, 1_900_000_000)}", 0),
    "decimal numbers": (lambda: f"{RANDOM.random() * 1000:.12f}", 0),
    "amounts": (lambda: f"{RANDOM.randrange(10**4, 10**10):,} EUR".replace(",", RANDOM.choice(", .")), 0),
    "hashes": (lambda: f"{RANDOM.getrandbits(160):040x}", 0),
    "addresses": (lambda: ".".join(str(RANDOM.randrange(256)) for _ in range(4)), 0),
    "coordinates": (lambda: f"{RANDOM.uniform(-90, 90):.6f}, {RANDOM.uniform(-180, 180):.6f}", 0),
    "lists of numbers": (lambda: " ".join(str(RANDOM.randrange(1, 100)) for _ in range(12)), 0),
    "lists of numbers of 4 digits": (lambda: " ".join(str(RANDOM.randrange(1000, 10_000)) for _ in range(6)), 0.2),
}


@pytest.mark.parametrize("name", MAKERS)
def test_how_many_ordinary_numbers_are_taken_for_personal_data(name: str) -> None:
    make, most = MAKERS[name]
    guard = PersonalData()
    texts = [make() for _ in range(1000)]
    assert sum(text_of(guard, text) != text for text in texts) <= most * len(texts)


def test_one_in_97_of_what_looks_like_an_account_is_one() -> None:
    assert sum(is_iban(f"DE{number:02}370400440532013000") for number in range(2, 99)) == 1


def stream(guard: SpanGuard | Length, text: str, cuts: list[int]) -> tuple[str, bool]:
    """Return what comes out of a guard when a text comes in pieces, and whether it is refused."""
    held = guard.hold()
    places = [0, *sorted(at % (len(text) + 1) for at in cuts), len(text)]
    out = [held.feed(text[begin:end]) for begin, end in pairwise(places)]
    return "".join([*out, held.finish()]), held.refusal is not None


GUARDS: list[SpanGuard | Length] = [
    PersonalData(),
    PersonalData(replace_with=None),
    PersonalData("phone", "email"),
    WordList("bad", "worse word", "café", "脏话", replace_with="#"),
    WordList("bad", "worse word", inside=True),
    Patterns(r"\bfoo\d{2,4}\b", r"x.{0,5}y|z$", "b[ao]d", replace_with="*"),
    Patterns(r"AKIA[0-9A-Z]{16}", ignore_case=True),
    Length(20, cut=True),
    Length(20),
]
PIECES = st.sampled_from(
    [
        *(CARDS[:2]), group(CARDS[0], " "), group(CARDS[9], "-"), IBANS[0], IBANS[13].lower(), PHONES[0], PHONES[24], PHONES[33], MAILS[0],
        MAILS[4], *PERSONS[:5], "Phone: ", "tel ", "cpf ", "612 34 56 78", "bad", "worse", "  word", "cafe\u0301", "脏话", "foo", "123",
        "AKIA", "ABCDEFGH01234567", "ﬁ", "\u200b", "\u00ad", " ", "-", ".", "@", "\\n", "\n", "x", "y", "z", "0", "12", "+", "(", "\u0301",
        "ｂａｄ", "а", "a" * 70, "1 " * 30,
    ]
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=9).map("".join), st.lists(st.integers(0, 10**6), max_size=6))
def test_the_same_comes_out_however_a_text_is_cut(text: str, cuts: list[int]) -> None:
    for guard in GUARDS:
        whole = stream(guard, text, [])
        assert stream(guard, text, cuts) == whole
        assert stream(guard, text, list(range(len(text)))) == whole


HOSTILE = {
    "cards": f"{group(CARDS[0], ' ')} " * 400,
    "digits": "1" * 8000,
    "pairs of digits": "12 " * 2700,
    "at signs": "@" * 8000,
    "mails without an end": "a@" * 4000,
    "a mail with many dots": "x@" + "a." * 4000,
    "letters": "a" * 8000,
    "beginnings of accounts": "aa11 " * 1600,
    "brackets": "(" * 8000,
    "spaces": "bad" + " " * 8000,
    "invisible": "b" + "\u200b" * 8000 + "ad",
    "what takes other matchers for ever": "a" * 8000 + "!",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_makes_a_guard_slow(text: str) -> None:
    guards = [PersonalData(), WordList("bad", "worse word"), Patterns(r"(a|a){1,30}b", r"(\w{1,10}\s?){1,5}!", r"[a-z]{1,40}\d")]
    for guard in guards:
        taken = []
        for part in (text[: len(text) // 4], text):
            begin = time.process_time()
            guard.look(part)
            taken.append(time.process_time() - begin)
        assert taken[1] < max(0.2, 16 * taken[0])  # four times the text; squared would be 16 times the time
