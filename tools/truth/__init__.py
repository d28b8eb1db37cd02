"""The truth gate: whether a passage states what a sentence says."""
