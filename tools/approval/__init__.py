"""Approval requests, the cards that show them, and the policy that decides who is asked."""
