"""Reads the store and writes the report; runs nothing."""
