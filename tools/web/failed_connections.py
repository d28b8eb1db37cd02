"""Say in words why a connection failed: what the other side did, and what its reader can do about it."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator

TRUST = "if your company's proxy or a server of yours signed it, set SSL_CERT_FILE to a file with its certificates"
_CERTIFICATES = {
    9: "is not valid yet (is this machine's clock right?)",
    10: "has expired",
    23: "was revoked",
    62: "is for another host than {}",
    64: "is for another host than {}",
}
"""What OpenSSL's numbers say of a certificate; any other means that nobody whom this machine trusts signed it."""
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
_OLD_TLS = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "LEGACY_SIGALG", "DH_KEY_TOO_SMALL", "UNSAFE_LEGACY", "WRONG_SIGNATURE_TYPE")


def explain_connection(error: Exception, host: str) -> str:
    """Return why a connection to a host failed, from the innermost error that says it. No library's own words are in it."""
    causes = list(_find_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            told = _CERTIFICATES.get(cause.verify_code, f"is not trusted here; {TRUST}").format(host)
            return f"no secure connection: its certificate {told}"
        if isinstance(cause, ssl.SSLError):
            return f"no secure connection: {_explain_handshake(cause)}"
    kind = type(error).__name__
    system = next((os.strerror(cause.errno).lower() for cause in causes if isinstance(cause, OSError) and cause.errno), "")
    match kind:
        case "ConnectTimeout":
            return "no connection in time"
        case "ConnectError":
            return f"no connection ({system})" if system else "it closed the connection while it was being made"
        case "RemoteProtocolError":
            return _explain_answer(str(error))
        case _:
            return f"the connection broke off{f' ({system})' if system else ''}"


def _explain_handshake(error: ssl.SSLError) -> str:
    reason = (getattr(error, "reason", "") or str(error)).upper().replace(" ", "_")
    if any(name in reason for name in _NO_TLS):
        return "it does not speak TLS there (an address with http:// may work)"
    if any(name in reason for name in _OLD_TLS):
        return "it speaks only a kind of TLS that is no longer safe"
    if "EOF" in reason:
        return "it broke off the TLS handshake"
    if "NAME" in reason:
        return "it does not know the host's name"
    return "it refuses the TLS handshake"


def _explain_answer(told: str) -> str:
    """Return what was wrong with an answer, told apart by the library's sentence: nothing came, half of it came, or it is not HTTP."""
    if "disconnected" in told:
        return "it closed the connection without an answer"
    if "peer closed" in told:
        return "it closed the connection in the middle of its answer"
    return "its answer is not HTTP as a page is sent (is it a web server?)"


def _find_causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
