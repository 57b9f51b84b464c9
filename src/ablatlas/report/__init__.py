"""From results to pages: draws and writes, computes nothing."""
