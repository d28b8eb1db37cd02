"""The competitor-research agent."""
