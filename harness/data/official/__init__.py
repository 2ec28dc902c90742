"""Readers of the official archives: one file a format, each an iterator of plain records in bounded memory."""
