"""`sayso keys`: make the key with which a person signs decisions."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from sayso.cli.options import KEY_VARIABLE, Exit
from sayso.tools.errors import UsageError


def keys(
    action: Literal["new"],
    name: str,
    *,
    file: Path | None = None,
    passphrase: Annotated[bool, Parameter(negative="", help="Ask for a passphrase that protects the private key.")] = False,
) -> int:
    """Make a key pair to sign decisions: a private key for you alone, a public one for the application.

    Parameters
    ----------
    action
        new: make a pair of keys.
    name
        Your name as an approver, as the application will know it.
    file
        Where to write the private key (default: NAME.key); the public one goes beside it, as .pub.
    """
    from sayso.tools.approval.signing_keys import make_key_pair  # late, for load time

    place = file or Path(f"{name}.key")
    public = make_key_pair(name, place, _ask_passphrase() if passphrase else "")
    print(f'approvers={{"{name}": "{public}"}}', flush=True)
    print(
        f"The private key is in {place}: keep it, and give it to nobody. Put the line above into the app: App(..., approvers=...). "
        f"Decide with: sayso approve RUN --key {place} (or set {KEY_VARIABLE}).",
        file=sys.stderr,
    )
    return Exit.OK


def _ask_passphrase() -> str:
    if not sys.stdin.isatty():
        raise UsageError("A passphrase is typed in a terminal, and there is none.")
    first = getpass.getpass("Passphrase: ")
    if not first or first != getpass.getpass("Again: "):
        raise UsageError("The passphrase is empty, or not twice the same. No key was made.")
    return first
