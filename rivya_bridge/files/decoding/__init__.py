"""Decoding bytes that came from outside, in processes of their own.

A codec can crash, loop, or ask for all memory of the machine. So the server never decodes: `asking`
(server side) sends a path to `child` (a program without Django, secrets or sockets), which forks once
per file under limits of memory and time. What goes wrong there ends that fork and nothing else. The
program is started once and stays while it is in use, so that a file costs a fork and no start of Python.
"""
