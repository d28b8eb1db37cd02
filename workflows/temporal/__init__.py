"""Runs on a Temporal server: the same seam, log and exactly-once protocol, with Temporal as the database, the queue and the timer.

Each run is one Temporal workflow that holds its log and its inbox (keeper.py). What an execution stores is an update of that workflow: the
server has written it down before the execution goes on, and it refuses who has lost the run. Runs are executed in registered activities,
never in local ones, which are not written down until their workflow task completes.
"""
