"""Models that run on this machine, from GGUF files."""
