"""Answers to questions from documents or the web, with checked citations: search, judge, rewrite, search again, write, check."""
