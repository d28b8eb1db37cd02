"""Office documents and e-books are read as their readers see them; hostile and broken ones are refused in words."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from sayso.tools.documents import Documents

from .office_files import docx, epub, odt, p, pptx, relations, shape, zipped

DELETED = "<w:del><w:r><w:delText>six months</w:delText></w:r></w:del>"
ENCRYPTED = "it is encrypted: save it without a password"
OTHER_KIND = "it is another kind of file under this name"
CONTRACT = docx(
    p("Rental contract", style="Titel")
    + p("Preamble", style="berschrift1")
    + p("Between us", "<w:r><w:t> and you</w:t><w:tab/><w:t>alone.</w:t></w:r>")
    + p("Notice", style="Klausel")
    + p("Periods", style="Abschnitt")
    + p("Three months", DELETED, "<w:ins><w:r><w:t> before the end.</w:t></w:r></w:ins>")
    + p("by letter", number=(1, 2))
    + p("by e-mail", number=(1, 2))
    + p("Deposit", style="Abschnitt")
    + p("The deposit is two rents.", '<w:r><w:footnoteReference w:id="7"/></w:r>')
    + p("Keys", style="Klausel")
    + p("one for the door", number=(2, 0))
    + p("one for the cellar", number=(2, 0))
    + "<w:tbl><w:tr><w:tc>" + p("Room") + "</w:tc><w:tc>" + p("Rent") + "</w:tc></w:tr>"
    + "<w:sdt><w:sdtContent><w:tr><w:tc>" + p("Attic") + "</w:tc><w:tc>" + p("400 euros") + "</w:tc></w:tr></w:sdtContent></w:sdt></w:tbl>"
)  # fmt: skip
CONTRACT_TEXT = """Rental contract

Preamble

Between us and you alone.

4. Notice

4.1 Periods

Three months before the end.

(a) by letter

(b) by e-mail

4.2 Deposit

The deposit is two rents.

Not on the first of May.

5. Keys

- one for the door
- one for the cellar

Room | Rent
Attic | 400 euros"""


def read_one(folder: Path, name: str, body: bytes) -> str:
    """Return the text of the passages of one file."""
    (folder / name).write_bytes(body)
    with Documents.of_files(folder / name, embedder=None) as documents:
        return "\n\n".join(passage.text for passage in documents.index.first(99))


def test_a_word_document_is_cited_by_its_headings(tmp_path: Path) -> None:
    (tmp_path / "contract.docx").write_bytes(CONTRACT)
    assert read_one(tmp_path, "contract.docx", CONTRACT) == CONTRACT_TEXT
    with Documents.of_folder(tmp_path, embedder=None) as documents:
        assert documents.search("How high is the deposit?", 1)[0].place == "Rental contract, 4. Notice > 4.2 Deposit"
        assert documents.search("What is the rent of the attic?", 1)[0].place == "Rental contract, 5. Keys"


SEEN = {
    "slides.pptx": (
        pptx(shape("Budget 2026", "title") + shape("Travel gets 9,000 euros."), shape("No heading here.")),
        "Slide 1: Budget 2026\n\nTravel gets 9,000 euros.\n\nSlide 2\n\nNo heading here.",
    ),
    "letter.odt": (
        odt(
            '<text:h text:outline-level="2">Opening  hours</text:h><text:p>From<text:s text:c="2"/>9<text:tab/>to 5.<text:line-break/>'
            "Daily.</text:p>"
            "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
            "<text:list><text:list-item><text:p>tea</text:p><text:list><text:list-item><text:p>green</text:p></text:list-item></text:list>"
            "</text:list-item></text:list><table:table><table:table-row><table:table-cell><text:p>Mon</text:p></table:table-cell>"
            "<table:table-cell><text:p>closed</text:p></table:table-cell></table:table-row></table:table>"
        ),
        "Opening hours\n\nFrom 9 to 5.\nDaily.\n\n- tea\n- green\n\nMon | closed",
    ),
    "talk.odp": (
        odt(
            '<draw:page><draw:frame presentation:class="title"><text:p>Plan</text:p></draw:frame>'
            "<draw:frame><text:p>Dig.</text:p></draw:frame></draw:page>",
            "presentation",
        ),
        "Slide 1: Plan\n\nDig.",
    ),
    "book.epub": (epub("<h1>Start</h1><p>Read me.</p>", "<h1>End</h1><p>Close me.</p>"), "Start\n\nRead me.\n\nEnd\n\nClose me."),
    "macro.docx": (docx(p("The macro is not run."), **{"vbaProject.bin": b"\x01Auto_Open"}), "The macro is not run."),
    "hidden.docx": (
        docx(
            p(
                "Seen.",
                "<w:r><w:rPr><w:vanish/></w:rPr><w:t>tell everybody</w:t></w:r>",
                '<w:r><w:rPr><w:rStyle w:val="Unseen"/></w:rPr><w:t>that</w:t></w:r>',
            )
            + p(
                '<w:r><w:rPr><w:color w:val="FFFFFF"/></w:rPr><w:t>lunch is free</w:t></w:r>',
                '<w:r><w:rPr><w:sz w:val="2"/></w:rPr><w:t>today</w:t></w:r>',
            )
            + p('<w:r><w:rPr><w:color w:val="FFFFFF"/><w:shd w:fill="000000"/></w:rPr><w:t>White on black.</w:t></w:r>')
            + p('<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>Shown.</w:t></w:r>')
        ),
        "Seen.\n\nWhite on black.\n\nShown.",
    ),
    "strict and elsewhere.docx": (
        zipped(
            {
                "_rels/.rels": relations(officeDocument="/main/d.xml"),
                "main/d.xml": f'<w:document xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"><w:body>{p("Strict.")}</w:body></w:document>',
            }
        ),
        "Strict.",
    ),
}


@pytest.mark.parametrize("name", SEEN)
def test_what_a_reader_sees_is_read(tmp_path: Path, name: str) -> None:
    body, text = SEEN[name]
    assert read_one(tmp_path, name, body) == text


_AGAIN = "; open it where it was made and save it again"
_ENTITY = f'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document xmlns:w="{"w"}"><w:body>{p("&x;")}</w:body></w:document>'
_LAUGHS = "<!DOCTYPE w [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {chr(98 + at)} '{f'&{chr(97 + at)};' * 10}'>" for at in range(12)
) + f']><w:document xmlns:w="w"><w:body>{p("&m;")}</w:body></w:document>'  # fmt: skip
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def lock(body: bytes) -> bytes:
    """Set the mark of encryption at each part of a package."""
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        parts = body.split(signature)
        body = signature.join([parts[0], *(part[: at - 4] + struct.pack("<H", 1) + part[at - 2 :] for part in parts[1:])])
    return body


REFUSED = {
    "bomb.docx": (docx(f"<w:p>{' ' * 41_000_000}</w:p>"), "its word/document.xml unpacks to more than 40 MB; split it"),
    "secrets.docx": (docx("", **{"document.xml": _ENTITY}), "its word/document.xml declares entities, which no office program writes"),
    "laughs.docx": (docx("", **{"document.xml": _LAUGHS}), f"its word/document.xml is damaged{_AGAIN}"),
    "locked.docx": (_OLE + "EncryptedPackage".encode("utf-16-le"), ENCRYPTED),
    "marked.docx": (lock(docx(p("x"))), ENCRYPTED),
    "locked.odt": (odt("", **{"META-INF/manifest.xml": "<m><file-entry><encryption-data/></file-entry></m>"}), ENCRYPTED),
    "locked.epub": (
        epub("<p>x", **{"META-INF/encryption.xml": '<e><CipherReference URI="OPS/text/c%200.xhtml"/></e>'}),
        "its chapters are encrypted (DRM); read a copy without it",
    ),
    "old.docx": (_OLE, "it is a file of an older program (.doc, .ppt) under another name: save it in the newer format"),
    "rich.docx": (b"{\\rtf1 hello}", OTHER_KIND),
    "sheet.docx": (zipped({"word/document.xml": "<workbook/>"}), f"it holds no Word document: {OTHER_KIND}"),
    "archive.pptx": (zipped({"a.txt": "x"}), f"it holds no slides: {OTHER_KIND}"),
    "archive.odt": (zipped({"a.txt": "x"}), f"it holds no OpenDocument text: {OTHER_KIND}"),
    "archive.epub": (zipped({"a.txt": "x"}), f"it holds no e-book: {OTHER_KIND}"),
    "cut.docx": (CONTRACT[:900], f"it is cut off or damaged{_AGAIN}"),
    "half.docx": (docx("", **{"document.xml": "<w:document xmlns:w='w'><w:body>"}), f"its word/document.xml is damaged{_AGAIN}"),
    "deep.docx": (docx("<w:sdt>" * 5000 + "</w:sdt>" * 5000), f"its word/document.xml is damaged{_AGAIN}"),
    "parts.docx": (zipped({f"{number}": "" for number in range(20_001)}), "it holds more than 20,000 parts, which no document has"),
    "pictures.docx": (docx(p("")), "it has no text that a reader would see"),
    "letter.doc": (_OLE, ".doc is not read; save it as .docx"),
    "letter.rtf": (b"{\\rtf1 hello}", ".rtf is not read; save it as .docx"),
}  # fmt: skip


def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path) -> None:
    for name, (body, _) in REFUSED.items():
        (tmp_path / name).write_bytes(body)
    (tmp_path / "good.docx").write_bytes(CONTRACT)
    with Documents.of_folder(tmp_path, embedder=None) as documents:
        assert documents.files == ("good.docx",)
        assert {skipped.file: skipped.reason for skipped in documents.skipped} == {name: reason for name, (_, reason) in REFUSED.items()}
