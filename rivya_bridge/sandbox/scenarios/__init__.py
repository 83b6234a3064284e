"""Named faults, switched on for a key, for one request, or by a control route.

registry    every scenario by name
entries     `name;times=2;seconds=5` read into an entry, with its limits
board       which switches are on, and which scenarios meet a request
middleware  lets the chosen scenarios act on a request
wire/       what happens to an answer or its connection
fates       what happens to a generation and its callbacks, decided when it is accepted
"""
