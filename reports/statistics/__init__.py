"""The statistics of the report: pure functions on arrays, each with the paper it comes from."""
