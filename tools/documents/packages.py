"""Open the ZIP packages of office programs and e-books, within bounds: their input may be hostile. Runs in the worker process."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from urllib.parse import unquote

from lxml.etree import QName, XMLParser, XMLSyntaxError, _Element, fromstring

from .errors import FileUnreadable

MOST_PART_BYTES = 40_000_000
"""The most bytes that one part of a package may have when it is unpacked: the XML of some 10,000 pages."""
MOST_PARTS = 20_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SAVE_AGAIN = "open it where it was made and save it again"


class Package:
    """The parts of a package, read one by one. Raises FileUnreadable that says why a file is none, or a part cannot be read."""

    def __init__(self, body: bytes) -> None:
        if body.startswith(_OLE):
            raise FileUnreadable(
                "it is encrypted: save it without a password"
                if _ENCRYPTED in body
                else "it is a file of an older program (.doc, .ppt) under another name: save it in the newer format"
            )
        if not body.startswith(b"PK"):
            raise FileUnreadable("it is another kind of file under this name")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(body))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise FileUnreadable(f"it is cut off or damaged; {_SAVE_AGAIN}") from None
        parts = self._zip.infolist()
        if len(parts) > MOST_PARTS:
            raise FileUnreadable(f"it holds more than {MOST_PARTS:,} parts, which no document has")
        self._parts = {part.filename.replace("\\", "/").lstrip("/").lower(): part for part in parts}

    def read(self, name: str) -> bytes | None:
        """Return a part's bytes; None if there is no such part."""
        part = self._parts.get(name.lower())
        if part is None:
            return None
        if part.flag_bits & 1:
            raise FileUnreadable("it is encrypted: save it without a password")
        try:
            with self._zip.open(part) as file:  # the size that the package states may be a lie: what is read counts
                body = file.read(MOST_PART_BYTES + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError):
            raise FileUnreadable(f"it is cut off or damaged; {_SAVE_AGAIN}") from None
        if len(body) > MOST_PART_BYTES:
            raise FileUnreadable(f"its {name} unpacks to more than {MOST_PART_BYTES // 1_000_000} MB; split it")
        return body

    def parse(self, name: str) -> _Element | None:
        """Return a part as a tree; None if there is no such part. Entities are refused: office programs write none."""
        body = self.read(name)
        if body is None:
            return None
        parser = XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
        try:
            tree = fromstring(body, parser)
        except (XMLSyntaxError, ValueError):
            raise FileUnreadable(f"its {name} is damaged; {_SAVE_AGAIN}") from None
        if tree.getroottree().docinfo.internalDTD is not None and tree.getroottree().docinfo.internalDTD.entities():
            raise FileUnreadable(f"its {name} declares entities, which no office program writes")
        return tree

    def find_relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Return the relations of an Office part within the package: by their id the kind, and the name of the part that is meant."""
        folder, name = posixpath.split(part)
        tree = self.parse(posixpath.join(folder, "_rels", f"{name}.rels"))
        found = dict[str, tuple[str, str]]()
        for each in tree if tree is not None else ():
            if each.get("TargetMode") != "External":
                kind = each.get("Type", "").rpartition("/")[2]
                found[each.get("Id", "")] = kind, resolve_name(each.get("Target", ""), folder)
        return found


def resolve_name(target: str, folder: str) -> str:
    """Return the name of a part that another one in that folder names."""
    return posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")


def local_name(element: _Element) -> str:
    """Return an element's name without its namespace, of which each standard has two versions."""
    return QName(element).localname if isinstance(element.tag, str) else ""


def attribute(element: _Element | None, name: str) -> str:
    """Return an attribute by its name without namespace; empty if it is not there."""
    if element is None:
        return ""
    return next((str(value) for key, value in element.attrib.items() if QName(key).localname == name), "")


def children(element: _Element | None, name: str) -> Iterator[_Element]:
    """Yield the children with that name."""
    return (child for child in (element if element is not None else ()) if local_name(child) == name)


def child(element: _Element | None, *names: str) -> _Element | None:
    """Return the first child with the first name, of that the first with the second, and so on."""
    for name in names:
        element = next(children(element, name), None)
    return element


def descendants(element: _Element | None, name: str) -> Iterator[_Element]:
    """Yield the elements with that name at any depth."""
    return (each for each in (element.iter() if element is not None else ()) if local_name(each) == name)
