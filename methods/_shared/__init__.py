"""Models, loops and sampling that several methods share. No module here is a method."""
