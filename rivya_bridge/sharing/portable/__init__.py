"""A whole experiment as one ZIP: written, checked, and restored as an equal one.

    manifest.json       format, version, hashes of the documents, whose experiment it is
    experiment.json     the experiment
    files.jsonl         its files: each lies at files/<sha256>.<suffix>
    runs.jsonl          runs by number, those of the API with the facts of their task
    comparisons.jsonl   kept comparisons
    ballots.jsonl       votes
    sweeps.jsonl        sweeps by number, with their axes
    cells.jsonl         their cells, each with its tries and the numbers of their runs
    consumers.jsonl     who uses the result
    overrides.jsonl     answers of the decision that people gave, with their reasons
    verdicts.jsonl      the history of verdicts

Rows name each other by a run's number and a file's SHA-256: no id of an installation matters.
"""
