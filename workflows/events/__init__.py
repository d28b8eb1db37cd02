"""The public events of a run; `sayso.events` names them all."""
