"""Who answers: models behind one method that streams deltas."""
