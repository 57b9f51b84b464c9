"""The engine: one run, from a resolved configuration and a seed to a curve, an outcome and its meters."""
