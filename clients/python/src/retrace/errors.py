"""Exceptions of this package. Each message states the cause and how to fix it."""


class RetraceError(Exception):
    """Raised if a home, a workbench or a file cannot be used as requested."""


class DamagedFile(RetraceError):
    """Raised if a file is corrupt: its content does not match a hash stored in it."""
