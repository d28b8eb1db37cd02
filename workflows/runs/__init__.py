"""Runs and engines: the journal, events, limits, and the execution in memory."""
