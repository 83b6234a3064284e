"""Chat: turns and sessions, and the small grammar that writes the answers.

No model is behind it. An answer is composed from the words of the message, the talk
so far, the properties of attached pictures, the options and the model's own voice.
"""
