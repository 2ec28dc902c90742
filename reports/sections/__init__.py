"""The sections: one file a section, each a function from what is known to its text, tables and figures."""
