"""Pages of templates, jobs, batches and schedules, one module per noun."""
