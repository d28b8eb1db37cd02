"""Whose a web address is: its registrable domain by the Public Suffix List in `tld`, and whether it carries a company's name."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .site_names import squash_name

if TYPE_CHECKING:
    from tld.base import BaseTLDSourceParser

HOSTING = ("wordpress.com", "tumblr.com", "substack.com", "squarespace.com", "jimdo.com", "bandcamp.com")
"""Services whose customers have hosts of their own, and which the Public Suffix List does not name."""
LEGAL_FORM = re.compile(
    r"[\s,]+(?:inc|llc|l\.l\.c|ltd|limited|plc|corp|corporation|co|company|gmbh(?:\s*&\s*co\.?\s*kgaa|\s*&\s*co\.?\s*kg)?|ag|kg|kgaa|ohg|ug|e\.?k|"
    r"se|s\.?a|s\.?a\.?s|s\.?a\.?r\.?l|s\.?l|s\.?r\.?l|s\.?p\.?a|b\.?v|n\.?v|bvba|ab|a/s|aps|oy|as|asa|kk|k\.k|pty|pte)\.?$",
    re.IGNORECASE,
)
ASIAN_LEGAL_FORM = re.compile(r"株式会社|有限会社|合同会社|有限公司|股份|주식회사|㈱")
LONG_NAME = 5
AFFIXES = frozenset(
    """
    get try use go my the we join hello app hq shop store online official global group inc gmbh ltd labs company co us uk eu de
    web usa europe international software brand
    """.split()
)
"""What companies put before or after their name where the bare name was taken."""


@dataclass(frozen=True, slots=True)
class SiteIdentity:
    """The owner of an address: its host without www, its registrable domain, and the part of that which names the owner."""

    host: str
    domain: str
    label: str


@lru_cache(maxsize=4096)
def find_site(url: str) -> SiteIdentity:
    """Return the site of an address. Two customers of a hosting service (a.github.io, b.github.io) are two sites.

    A host under a name that no list knows (.example, .test, a company's own network) has its last two parts as domain. Host names with
    letters beyond ASCII are returned as people read them. No network: the list is a file of the package.
    """
    address = url if "//" in url else f"//{url}"
    try:
        host = (urlsplit(address).hostname or "").strip(".")
    except ValueError:
        host = ""
    host = _decode_host(host).removeprefix("www.")
    if not host or _is_address(host):
        return SiteIdentity(host, host, host)
    labels = host.split(".")
    suffix = min(_count_suffix_labels(host), len(labels) - 1)
    kept = labels[len(labels) - suffix - 1 :]
    return SiteIdentity(host, ".".join(kept), kept[0])


def same_domain(first: str, second: str) -> bool:
    """Return whether two addresses are of one registrable domain."""
    return find_site(first).domain == find_site(second).domain


def spell_name(company: str) -> tuple[str, ...]:
    """Return how addresses spell a company's name: whole, and without its legal form, "the" and "and"."""
    plain = ASIAN_LEGAL_FORM.sub(" ", company).strip() or company
    without = strip_legal_form(company)
    spellings = [plain, without, without.replace("&", " "), re.sub(r"\band\b|\bund\b|\bet\b", " ", without, flags=re.IGNORECASE)]
    spellings.append(re.sub(r"^(the|die|der|das|le|la|les)\s+", "", without, flags=re.IGNORECASE))
    words = without.split()
    if len(words) > 1 and words[-1].casefold() in AFFIXES:
        spellings.append(" ".join(words[:-1]))  # Notion Labs is at notion.so
    return tuple(dict.fromkeys(filter(None, map(squash_letters, spellings))))


def strip_legal_form(company: str) -> str:
    """Return a company's name without its legal form."""
    return LEGAL_FORM.sub("", ASIAN_LEGAL_FORM.sub(" ", company).strip() or company)


def carries_name(label: str, names: Sequence[str]) -> bool:
    """Return whether the label of a domain is a company's name, alone or with what companies add to it ("getbox", "box-app").

    A longer name that ends or begins with it is another's: "dropbox" is not Box.
    """
    bare = squash_letters(label)
    parts = [squash_letters(part) for part in label.split("-")]
    for name in names:
        if bare == name:
            return True
        rest = bare.removeprefix(name) if bare.startswith(name) else bare.removesuffix(name) if bare.endswith(name) else ""
        if rest and (rest in AFFIXES or (rest == "s" and len(name) > 4)):
            return True
        if len(parts) > 1 and name in parts and all(part == name or part in AFFIXES for part in parts):
            return True
    return False


def begins_with_name(label: str, company: str) -> bool:
    """Return whether the label of a domain begins with a company's name, or with the first word of it, as a part of its own."""
    first = label.partition("-")[0]
    words = re.findall(r"[^\W\d_]+", company)
    return first != label and len(first) >= LONG_NAME and first in {squash_letters(company), *(squash_letters(word) for word in words[:1])}


def squash_letters(name: str) -> str:
    """Return a name as addresses spell it; one in another script keeps its letters."""
    return squash_name(name) or re.sub(r"[\W_]", "", name.casefold())


def _decode_host(host: str) -> str:
    if "xn--" not in host:
        return host.lower()
    import idna  # late, for load time

    try:
        return str(idna.decode(host.lower()))
    except idna.IDNAError:
        return host.lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _count_suffix_labels(host: str) -> int:
    """Return how many labels at the end of a host belong to everybody: 2 for bbc.co.uk and for somebody.github.io."""
    for service in HOSTING:
        if host.endswith(f".{service}"):
            return service.count(".") + 1
    from tld import get_tld  # late, for load time
    from tld.exceptions import TldIOError

    try:
        found = get_tld(f"http://{host}/", as_object=True, fail_silently=True, parser_class=_carried_list())
    except TldIOError:
        return 1
    return 1 if found is None or isinstance(found, str) else found.tld.count(".") + 1


@cache
def _carried_list() -> type[BaseTLDSourceParser]:
    """Return tld's reader of its own file, which would download the list where the file is missing; this one never does."""
    from tld.exceptions import TldIOError  # late, for load time
    from tld.utils import MozillaTLDSourceParser

    class CarriedList(MozillaTLDSourceParser):
        uid = "sayso"

        @classmethod
        def update_tld_names(cls, fail_silently: bool = False) -> bool:
            raise TldIOError("The list of suffixes is not there.")

    return CarriedList
