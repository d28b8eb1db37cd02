"""`sayso completion`: a script that makes a shell complete the commands and options of sayso."""

from __future__ import annotations

from typing import Literal


def completion(shell: Literal["bash", "zsh", "fish", "powershell"], /) -> None:
    """Print a script that completes sayso's commands and options in your shell.

    bash: sayso completion bash > ~/.local/share/bash-completion/completions/sayso

    fish: sayso completion fish > ~/.config/fish/completions/sayso.fish

    zsh: sayso completion zsh > a folder of your fpath, as _sayso

    Parameters
    ----------
    shell
        Which shell: bash, zsh, fish or powershell.
    """
    from sayso.cli.main import app  # late: that module names this one

    print(app.generate_completion(prog_name="sayso", shell=shell))
