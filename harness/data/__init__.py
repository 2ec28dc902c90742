"""How benchmark data gets onto the machine and stays honest: reading, checking, caching."""
