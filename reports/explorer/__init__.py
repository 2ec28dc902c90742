"""The explorer: landscapes, searches and fronts as one HTML page that needs no network."""
