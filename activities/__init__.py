"""The side effects of a run: classes that are given their connectors."""
