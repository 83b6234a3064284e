"""Effects on one answer or its connection. Waits are real seconds, whatever the sandbox's speed."""
