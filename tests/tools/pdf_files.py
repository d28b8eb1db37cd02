"""PDFs made by hand, as small as they can be: text pages in Helvetica, and ways to spoil them."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

LINE_CHARS = 90


def pdf_of(pages: Sequence[str], *, title: str = "", compress: bool = False) -> bytes:
    """A PDF with these pages; each line of a page is a line of text (Latin-1)."""
    contents = [_page_content(page) for page in pages]
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), b" ".join(b"%d 0 R" % (5 + 2 * n) for n in range(len(pages)))),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Title (%s) >>" % _escaped(title),
    ]
    for number, content in enumerate(contents):
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> /Contents %d 0 R >>"
        objects += [page % (6 + 2 * number), stream(content, compress=compress)]
    return assembled(objects)


def stream(content: bytes, *, compress: bool = False) -> bytes:
    """A stream object."""
    data = zlib.compress(content, 9) if compress else content
    packed = b" /Filter /FlateDecode" if compress else b""
    return b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(data), packed, data)


def assembled(objects: Sequence[bytes]) -> bytes:
    """The objects, numbered from 1, with the table that says where each begins."""
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, each in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, each))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table))
    return out.getvalue()


def encrypted(pdf: bytes, password: str, *, algorithm: str = "AES-256", owner: str = "owner") -> bytes:
    """The PDF so that it opens with this password (an empty one: for everybody)."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    writer.encrypt(password, owner, algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def bomb(format_bytes: int) -> bytes:
    """A small PDF whose one page unpacks to so many megabytes, three times over."""
    zeros = zlib.compress(b" " * (format_bytes * 1_000_000), 9)
    for _ in range(2):
        zeros = zlib.compress(zeros, 9)
    content = b"<< /Length %d /Filter [/FlateDecode /FlateDecode /FlateDecode] >>\nstream\n%s\nendstream" % (len(zeros), zeros)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents 6 0 R >>"
    kinds = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 1 /Kids [5 0 R] >>", b"null", b"<< >>", page, content]
    return assembled(kinds)


def laughing(depth: int) -> bytes:
    """A page that draws a form ten times, which draws a form ten times, and so on: 10 ** depth words in a few kilobytes."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /XObject << /X 7 0 R >> >> /Contents 6 0 R >>"
    kinds = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [5 0 R] >>",
        font,
        b"<< >>",
        page,
        stream(b"/X Do " * 10),
    ]
    for number in range(7, 7 + depth):
        head = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >> /Length 60 >>\nstream\n" % (
            number + 1
        )
        kinds.append(head + b"/X Do " * 10 + b"\nendstream")
    words = b"BT /F 9 Tf (ha) Tj ET"
    kinds.append(
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F 3 0 R >> >> /Length 21 >>\nstream\n%s\nendstream"
        % words
    )
    return assembled(kinds)


def _page_content(page: str) -> bytes:
    lines = b"".join(b"(%s) Tj T*\n" % _escaped(line) for line in page.split("\n"))
    return b"BT /F 11 Tf 14 TL 60 780 Td\n" + lines + b"ET"


def _escaped(text: str) -> bytes:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("cp1252")
