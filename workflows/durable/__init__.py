"""Runs that outlive their program, in an SQLite file or a Postgres database.

What a run has stored stands in a log by position and not by number, for branches side by side would be numbered by luck; and a run that
failed goes on under its own id, so that its writes keep their keys. Whoever executes a run has claimed it, and only the writes of its last
claim count.
"""
