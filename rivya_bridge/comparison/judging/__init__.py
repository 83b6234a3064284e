"""Judging results against each other: blind votes, the ranking that follows, and findings."""
