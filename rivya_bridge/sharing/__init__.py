"""In and out by file: many runs at once, whole experiments as ZIP, pages that open anywhere.

It stands at the layer of promotion because what it carries reaches above experiments: votes,
comparisons and findings.
"""
