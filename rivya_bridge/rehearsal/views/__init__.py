"""Pages of rehearsal, one module per noun."""
