"""Sections of the report: one file per section, each a function from results to text, tables and figures."""
