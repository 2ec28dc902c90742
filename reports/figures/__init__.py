"""The figures: matplotlib, vector, alike in every report."""
