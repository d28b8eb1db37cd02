"""Opening hours in a line of their own, days and times without a colon between them: "Tuesday to Saturday, 10 to 6"."""

from __future__ import annotations

import re

_DAY = (
    r"(?:mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|mo|di|mi|do|fr|sa|so|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag"
    r"|lun|mar|mer|jeu|ven|sam|dim|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|lunes|martes|miércoles|jueves|viernes|sábado|domingo|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica"
    r"|ma|wo|vr|za|zo|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag"
    r"|mån|tis|ons|tors|fre|lör|sön|måndag|tisdag|onsdag|torsdag|fredag|lördag|söndag|mandag|tirsdag|lørdag|søndag)s?\.?"
)
_JOIN = r"(?:\s?(?:-|–|—|to|through|thru|bis|à|au|a|al|t/m|tot|till|til|until|–)\s?|\s?(?:,|&|\+|/|and|und|et|y|e|en|och|og)\s?)"
_DAYS = (
    rf"(?:(?:du |von |from |le |the )?{_DAY}(?:{_JOIN}(?:le )?{_DAY}){{0,6}}"
    r"|daily|every day|weekdays|weekends?|bank holidays|täglich|tous les jours|todos los días)"
)
_TIME = r"\d{1,2}(?:[:.h]\d\d|h)?\s?(?:am|pm|a\.m\.|p\.m\.|uhr|uur)?"
_RANGE = rf"{_TIME}\s?(?:-|–|—|to|till|til|until|bis|à|a|tot)\s?{_TIME}"
_ONLY_DAYS = re.compile(_DAYS, re.IGNORECASE)
_LINE = re.compile(
    rf"(?P<days>{_DAYS})\s?[,:]?\s(?:de |von |from )?(?P<times>(?:{_RANGE}(?:\s?(?:,|&|/|and|und|et|y|en|och|og)\s?)?){{1,3}}"
    r"|closed|geschlossen|fermé|cerrado|chiuso|gesloten|stängt|lukket)\.?",
    re.IGNORECASE,
)


def names_days(text: str) -> bool:
    """Return whether a text names days and nothing else: "Montag, Dienstag"."""
    return len(text) <= 80 and _ONLY_DAYS.fullmatch(text.strip(" :")) is not None


def split_day_line(text: str) -> tuple[str, str] | None:
    """Return the days and the times of a line that says nothing else; None for any other line."""
    found = _LINE.fullmatch(text.strip()) if 5 < len(text) <= 80 else None
    return (found["days"].strip(), found["times"].strip()) if found else None
