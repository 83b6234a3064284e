"""Wire shapes, one module per noun: frozen, tolerant of the new, strict about the needed."""
