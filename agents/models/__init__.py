"""Models behind one method that streams deltas: endpoints, local models, the extractive reader, scripts."""
