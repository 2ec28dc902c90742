"""A stand-in for NASLib: the parts of its interface that the adapter meets, written anew for the tests."""
