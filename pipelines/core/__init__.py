"""What every step stands on: errors with exit codes, hashing, durable files, a careful DuckDB connection."""
