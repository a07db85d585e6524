"""Errors of this package. Each message names the cause and what to do about it."""


class RetraceError(Exception):
    """A home, a workbench or a file cannot be used as asked."""


class DamagedFile(RetraceError):
    """A file does not contain what was written: a hash that is stored in it does not fit its content."""
