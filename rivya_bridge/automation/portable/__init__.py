"""A template version as one readable file: written, read with bounds, and held against its schema."""
