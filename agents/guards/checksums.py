"""Check digits: what tells a card, an account or a person's number from any other number of that length. Pure."""

from __future__ import annotations

_ODD_VALUES = dict(zip("0123456789", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21), strict=True)) | dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)
"""What a character of a codice fiscale counts at an odd place (decree of the Italian ministry of finance of 23 December 1976)."""
_CARDS = (
    # first digits from, to, lengths: https://en.wikipedia.org/wiki/Payment_card_number
    ("4", "4", (16, 19)),  # those of 13 digits are not given out any more, and one in 80 product codes would be one
    ("51", "55", (16,)),
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("300", "305", (14, 16, 19)),
    ("3095", "3095", (14, 16, 19)),
    ("36", "36", (14, 16, 19)),
    ("38", "39", (14, 16, 19)),
    ("3528", "3589", (16, 17, 18, 19)),
    ("6011", "6011", (16, 17, 18, 19)),
    ("644", "659", (16, 17, 18, 19)),
    ("62", "62", (16, 17, 18, 19)),
    ("81", "82", (16,)),
    ("50", "50", (16, 19)),
    ("56", "58", (16, 19)),
    ("60", "61", (16, 19)),
    ("63", "63", (16, 19)),
    ("67", "68", (16, 18, 19)),
    ("2200", "2204", (16,)),
    ("9792", "9792", (16,)),
)
_IBAN_LENGTHS = {
    country: length
    for length, countries in (
        # the IBAN registry of SWIFT, release 99
        (15, "NO"),
        (16, "BE"),
        (18, "DK FI FK FO GL NL SD"),
        (19, "MK SI"),
        (20, "AT BA EE KZ LT LU MN XK"),
        (21, "CH HR LI LV"),
        (22, "BG BH CR DE GB GE IE ME RS VA"),
        (23, "AE GI IL IQ OM SO TL"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
        (25, "LY PT ST"),
        (26, "IS TR"),
        (27, "BI DJ FR GR IT MC MR SM"),
        (28, "AL AZ BY CY DO GT HN HU LB NI PL SV"),
        (29, "BR EG PS QA UA"),
        (30, "JO KW MU YE"),
        (31, "MT SC"),
        (32, "LC"),
        (33, "RU"),
    )
    for country in countries.split()
}
LONGEST_IBAN = 34


def is_luhn(digits: str) -> bool:
    """Return whether the last digit fits the others by Luhn's formula."""
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        total += sum(divmod(2 * digit, 10)) if place % 2 else digit
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """Return whether digits are the number of a payment card: of a known network, as long as its numbers are, with the right last digit."""
    known = any(first <= digits[: len(first)] <= last and len(digits) in lengths for first, last, lengths in _CARDS)
    return known and len(set(digits)) > 1 and is_luhn(digits)


def find_iban_length(country: str) -> int:
    """Return how long the IBANs of a country are, 0 for one that has none."""
    return _IBAN_LENGTHS.get(country.upper(), 0)


def is_iban(text: str) -> bool:
    """Return whether a text without spaces is an IBAN (ISO 13616: remainder 1 of 97)."""
    if len(text) != find_iban_length(text[:2]) or not text.isalnum():
        return False
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def is_codice_fiscale(text: str) -> bool:
    """Return whether a text is an Italian tax number."""
    code = text.upper()
    values = [
        _ODD_VALUES[each] if place % 2 == 0 else int(each, 36) - (10 if each.isalpha() else 0) for place, each in enumerate(code[:15])
    ]
    return ord(code[15]) - ord("A") == sum(values) % 26


def is_nir(text: str) -> bool:
    """Return whether 15 characters are a French social security number: two more digits than a number, which is what is left of 97."""
    number = text[:13].upper().replace("2A", "19").replace("2B", "18")
    return number.isdecimal() and int(text[13:]) == 97 - int(number) % 97


def is_dni(text: str) -> bool:
    """Return whether a text is a Spanish DNI or NIE: the letter is what is left of 23."""
    number = text[:-1].upper()
    if number[0] in "XYZ":
        number = str("XYZ".index(number[0])) + number[1:]
    return text[-1].upper() == "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


def is_cpf(digits: str) -> bool:
    """Return whether 11 digits are a Brazilian CPF, which has two check digits."""
    if len(set(digits)) == 1:
        return False
    for size in (9, 10):
        total = sum(int(digit) * (size + 1 - place) for place, digit in enumerate(digits[:size]))
        if total * 10 % 11 % 10 != int(digits[size]):
            return False
    return True


def is_pesel(digits: str) -> bool:
    """Return whether 11 digits are a Polish PESEL: a date of birth, and a check digit."""
    month, day = int(digits[2:4]) % 20, int(digits[4:6])
    total = sum(int(digit) * weight for digit, weight in zip(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), strict=True))
    return 1 <= month <= 12 and 1 <= day <= 31 and total % 10 == 0


def is_personnummer(digits: str) -> bool:
    """Return whether ten or twelve digits are a Swedish personal number: a date of birth, and a check digit by Luhn."""
    last = digits[-10:]
    return 1 <= int(last[2:4]) <= 12 and 1 <= int(last[4:6]) % 60 <= 31 and is_luhn(last)


def is_ahv(digits: str) -> bool:
    """Return whether 13 digits are a Swiss AHV number, whose last digit is that of an EAN."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return total % 10 == 0


def is_ssn(digits: str) -> bool:
    """Return whether nine digits may be a US social security number, which has no check digit: some groups are never given out."""
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"
