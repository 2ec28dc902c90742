"""What several methods use: models, loops and drawing. No module here is a method."""
