"""The three renderings of one document: Markdown, LaTeX, HTML."""
