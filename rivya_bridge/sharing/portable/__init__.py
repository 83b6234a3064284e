"""A whole experiment as one ZIP: written, checked, and restored as an equal one.

    manifest.json       format, version, hashes of the documents, whose experiment it is
    experiment.json     the experiment
    files.jsonl         its files: each lies at files/<sha256>.<suffix>
    runs.jsonl          runs by number, those of the API with the facts of their task
    comparisons.jsonl   kept comparisons
    ballots.jsonl       votes

Rows name each other by a run's number and a file's SHA-256: no id of an installation matters.
"""
