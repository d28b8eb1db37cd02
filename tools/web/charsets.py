"""Decode bytes to clean text: choose the encoding, and drop control, bidi and invisible characters."""

from __future__ import annotations

import re

from .readings import choose_reading

# Labels that browsers accept (WHATWG Encoding Standard), with the Python codec. Labels of Latin-1 mean Windows-1252 there.
_CODECS = {
    **dict.fromkeys(("utf-8", "utf8", "unicode-1-1-utf-8"), "utf-8"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "latin-1", "l1", "ascii", "us-ascii", "windows-1252", "cp1252"), "cp1252"),
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    **{f"iso8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    **dict.fromkeys(("iso-8859-9", "latin5", "windows-1254", "cp1254"), "cp1254"),
    **{f"windows-{page}": f"cp{page}" for page in (1250, 1251, 1253, 1255, 1256, 1257, 1258)},
    **{f"cp{page}": f"cp{page}" for page in (866, 1250, 1251, 1253, 1255, 1256, 1257, 1258)},
    **dict.fromkeys(("iso-8859-11", "tis-620", "windows-874", "cp874"), "cp874"),
    "ibm866": "cp866",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    **dict.fromkeys(("macintosh", "mac"), "mac-roman"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "windows-31j", "ms932"), "cp932"),
    "euc-jp": "euc-jp",
    "iso-2022-jp": "iso2022-jp",
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "x-gbk"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs"), "big5-hkscs"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "windows-949"), "cp949"),
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_META = re.compile(rb"""<meta[^>]{0,300}?charset\s{0,20}=\s{0,20}["']?\s{0,20}([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)

_DROPPED = {
    *range(0x09),
    *range(0x0B, 0x20),  # all of C0 but tab and newline (carriage returns become newlines first)
    *range(0x7F, 0xA0),  # C1
    0xAD,  # soft hyphen
    0x061C,
    0x200B,
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),  # bidi
    *range(0x2060, 0x2070),  # invisible operators, bidi isolates
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xD800, 0xE000),  # lone halves of pairs
    *range(0xE0000, 0xE0080),  # tags: text that is there and cannot be seen
    *range(0xE0100, 0xE01F0),  # variation selectors, which can carry hidden bytes
}
_TABLE = dict.fromkeys(_DROPPED)
_MESSY = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e01ef]"
)


def clean(text: str) -> str:
    """Return the text without control, bidi, tag and invisible characters; every line break becomes a newline."""
    if not _MESSY.search(text):
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_TABLE)


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the body as text, and the codec it was read with. Bytes that cannot be decoded become U+FFFD; never raises."""
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return body.removeprefix(mark).decode(codec, "replace"), codec
    # Text in another encoding is hardly ever valid UTF-8, so valid UTF-8 wins over any label. Zeros and escapes are signs of
    # UTF-16 and ISO-2022.
    text: str | None
    text = None if b"\x00" in body or b"\x1b" in body else _decode_strictly(body, "utf-8")
    if text is not None:
        return text, "utf-8"
    named = [_CODECS[label] for label in (_read_header_label(content_type), _read_meta_label(body)) if label in _CODECS]
    for codec in named:
        text = _decode_strictly(body, codec)
        if text is not None:
            return text, codec
    codec = named[0] if named and named[0] != "utf-8" else choose_reading(body).codec
    return body.decode(codec, "replace"), codec


def _read_header_label(content_type: str) -> str:
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'").lower()
    return ""


def _read_meta_label(body: bytes) -> str:
    found = _META.search(body[:4096])
    label = found[1].decode("ascii").lower() if found else ""
    return "utf-8" if label.startswith("utf-16") else label  # a page whose meta can be read is not UTF-16


def _decode_strictly(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except UnicodeDecodeError:
        return None
