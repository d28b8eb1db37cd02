"""Structured data of a page: JSON-LD, microdata, tables, lists, meta tags, embedded script data and dates. Runs in the page worker.

Every reader here takes a tree or a text from strangers, never raises, and works within limits of its own on depth, count and size.
"""
