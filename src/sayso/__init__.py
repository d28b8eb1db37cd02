"""Agents that act, and act only on your say-so."""
