"""How stable a configuration is: what came of its repeats, over all runs of an experiment."""
