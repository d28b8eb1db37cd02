"""Keys of people who approve: made, kept in files, read in the usual forms. Ed25519 only."""

from __future__ import annotations

import base64
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..installing import build_install_command

if TYPE_CHECKING:  # late, for load time
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KeySource = str | bytes | Path
"""A key as text or bytes, or the file that holds it."""
PASSPHRASE_VARIABLE = "SAYSO_KEY_PASSPHRASE"
PREFIX = "ed25519:"
_NAME = re.compile(r"\w[\w.@+-]{0,63}")

_P = 2**255 - 19
_SMALL_ORDER = frozenset(
    {0, 1, _P - 1}
    | {
        int.from_bytes(bytes.fromhex(y), "little") & (2**255 - 1)
        for y in (
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        )
    }
)
"""The y of the eight points of small order. Under such a "key" one signature fits any number of messages, and OpenSSL takes them."""


def read_public_key(key: object, what: str = "The public key") -> bytes:
    """Return the 32 bytes of a public key: text ("ed25519:...", PEM, OpenSSH), raw bytes, or a file of one of these.

    Raises UsageError, which begins with `what`, for anything else: a private key, a key of another kind, one that verifies anything.
    """
    _import_ed25519()
    if isinstance(key, Path) or (isinstance(key, str) and _is_file(key)):
        key = _read_file(Path(key), what)
    raw = key if isinstance(key, bytes) and len(key) == 32 else _parse_public(key, what)
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P or y in _SMALL_ORDER:
        raise UsageError(f"{what} is a weak key: one signature would fit every statement. Make one: sayso keys new NAME.")
    return raw


def _parse_public(key: object, what: str) -> bytes:
    text = key.decode("latin-1") if isinstance(key, bytes) else key
    how = 'Write "ed25519:...", PEM, a line of OpenSSH, 32 bytes or a pathlib.Path, such as sayso keys new NAME prints.'
    if not isinstance(text, str):
        raise UsageError(f"{what} is a {type(key).__name__}. {how}")
    if "PRIVATE KEY" in text:
        raise UsageError(f"{what} is a private key: it belongs to its owner alone. Give the public one (NAME.pub).")
    text = text.strip()
    try:
        if text.startswith(PREFIX):
            raw = base64.b64decode(text.removeprefix(PREFIX).split()[0], validate=True)
            if len(raw) != 32:
                raise ValueError("it has not 32 bytes")
            return raw
        return _load_public(text.encode("latin-1"))
    except (ValueError, IndexError) as error:
        raise UsageError(f"{what} cannot be read as an Ed25519 key ({error}). {how}") from None


def _load_public(data: bytes) -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        load = serialization.load_ssh_public_key if data.startswith((b"ssh-", b"ecdsa-", b"sk-")) else serialization.load_pem_public_key
        found = load(data)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    if not isinstance(found, Ed25519PublicKey):
        raise ValueError(f"it is a {type(found).__name__}")
    return found.public_bytes_raw()


def read_private_key(key: Ed25519PrivateKey | KeySource) -> Ed25519PrivateKey:
    """Return a private key: as it is, from PEM (or OpenSSH) text, or from a file, whose passphrase is in the environment or asked for.

    Raises UsageError for a file that others may read, a wrong passphrase, and what is no Ed25519 key.
    """
    _import_ed25519()
    name = "The private key"
    if not isinstance(key, (str, bytes, Path)):
        return _check_kind(key, name)
    if isinstance(key, Path) or (isinstance(key, str) and _is_file(key)):
        name = f"The private key {key}"
        path, key = Path(key), _read_file(Path(key), name)
    else:
        path = None
    data = key.encode() if isinstance(key, str) else bytes(key)
    if data.startswith((b"ed25519:", b"ssh-ed25519", b"-----BEGIN PUBLIC KEY")):
        raise UsageError(f"{name} is a public key. Sign with the private one, which `sayso keys new NAME` writes to NAME.key.")
    if b"PRIVATE KEY" not in data:
        raise UsageError(f"{name} is not a private key in PEM or OpenSSH form. Make one: sayso keys new NAME.")
    if path is not None:
        _refuse_open_file(path, name)
    found = _load_private(data, name)
    return _check_kind(found, name)


def _check_kind(key: object, name: str) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{name} is a {type(key).__name__}; decisions are signed with Ed25519. Make one: sayso keys new NAME.")
    return key


def _load_private(data: bytes, name: str) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    load = serialization.load_ssh_private_key if b"OPENSSH" in data else serialization.load_pem_private_key
    try:
        try:
            return load(data, None)
        except TypeError:  # it has a passphrase
            return load(data, _find_passphrase(name).encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{name} cannot be used: is the passphrase right? ({str(error)[:80]})") from None


def _find_passphrase(name: str) -> str:
    import getpass

    if (known := os.environ.get(PASSPHRASE_VARIABLE)) is not None:
        return known
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{name} has a passphrase, and there is no terminal to ask for it. Set {PASSPHRASE_VARIABLE}.")
    return getpass.getpass(f"Passphrase of {name[0].lower()}{name[1:]}: ")


def make_key_pair(name: str, file: Path, passphrase: str = "") -> str:
    """Make a private key, for its owner alone (mode 0600), and beside it the public one in FILE.pub. Return the public key as text.

    Raises UsageError rather than overwrite a file.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be the name of an approver. Use up to 64 letters, digits and . _ @ + -")
    ed25519 = _import_ed25519()
    from cryptography.hazmat.primitives import serialization

    private = ed25519.Ed25519PrivateKey.generate()
    secrecy = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secrecy)
    public = format_public_key(private.public_key().public_bytes_raw())
    beside = file.with_suffix(".pub")
    for place, data, mode in ((file, pem, 0o600), (beside, f"{public} {name}\n".encode(), 0o644)):
        try:
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            raise UsageError(f"There is a file {place} already; a key is never overwritten. Name another with --file.") from None
        except OSError as error:
            raise UsageError(f"The key cannot be written to {place}: {error.strerror}.") from None
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
    return public


def format_public_key(raw: bytes) -> str:
    """Return the 32 bytes of a public key as text: "ed25519:..."."""
    return f"{PREFIX}{base64.b64encode(raw).decode()}"


def _import_ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise UsageError(f"Signed decisions need an extra: {build_install_command('signed')}") from None
    return ed25519


def _is_file(text: str) -> bool:
    return "\n" not in text and not text.startswith((PREFIX, "ssh-")) and len(text) < 4096 and Path(text).is_file()


def _read_file(path: Path, what: str) -> bytes:
    try:
        data = path.expanduser().read_bytes()
    except OSError as error:
        raise UsageError(f"{what} cannot be read from {path}: {error.strerror}.") from None
    return data


def _refuse_open_file(path: Path, name: str) -> None:
    path = path.expanduser()
    if sys.platform != "win32" and path.is_file() and path.stat().st_mode & 0o077:
        raise UsageError(f"{name} may be read by others (mode {path.stat().st_mode & 0o777:o}), so it is not used. Write: chmod 600 {path}")
