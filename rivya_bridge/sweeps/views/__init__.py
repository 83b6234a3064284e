"""HTTP doors of sweeps, by page."""
