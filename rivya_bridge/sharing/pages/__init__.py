"""Pages that open from a disk anywhere: one HTML file with everything in it and no script."""
