"""What a study declares, one idea a module, read from its composed configuration and checked.

Every check raises StudyError with the file, the path in it, what was found and what was expected.
"""
