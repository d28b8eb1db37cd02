"""Runs that outlive their program, in an SQLite file or a Postgres database.

An execution of a run is a DBOS workflow: DBOS queues it, hands it to one worker, and to another when that one dies. What a run has
stored stands in a log of Sayso's own in the same database, by position and not by number: DBOS numbers steps in the order of their calls,
and branches side by side would be numbered by luck; and a run that failed goes on under its own id, so that its writes keep their keys.
"""
