"""Structured data of a page: JSON-LD, microdata, tables, lists, meta tags, embedded script data and dates. Runs in the page worker."""
