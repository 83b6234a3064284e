"""How far apart two results are: a measure for pictures, videos, sounds and answers; no models.

`comparing.compare(kind, a, b)` is the whole of it; `read` and `distance` are its two halves for many
pairs. A value is 0 for the same and 1 for the unrelated. As a rule of thumb for pictures: another encoding
or size of one picture stays below 0.03, the same scene painted by another model lies around 0.45, pictures
of different prompts lie between 0.55 and 0.95.

The server decodes nothing: `child` does, a program without Django, which is why nothing is imported here.
"""
