"""From run records to verdicts: frames in, frozen dataclasses and plain dictionaries out."""
