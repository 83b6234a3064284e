"""Many Studio runs at once: from a table, a ZIP or a folder, looked at before anything is recorded."""
