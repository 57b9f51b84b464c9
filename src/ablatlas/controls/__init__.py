"""Controls: comparisons whose answer is known, asked through the pipeline that every study takes.

Most are studies of their own (`params/study/control`). What they find stands in one JSON, whether they pass or not.
"""
