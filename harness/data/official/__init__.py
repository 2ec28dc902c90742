"""Readers of the official archives: one file per format, each an iterator of plain records in bounded memory."""
