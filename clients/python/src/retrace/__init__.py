"""Reads runs, series, studies and checkpoints of Retrace.

    import retrace

    home = retrace.Home()                         # or retrace.connect(), through the running workbench
    run = home.run("hamiltonian-74")
    loss = run.series("train/loss")               # NumPy arrays: loss.steps, loss.values
    weights = run.checkpoints()[-1].read()        # arrays by name: weights.tensors["params/stem/kernel"]
"""
from .checkpoints import Checkpoint, read_checkpoint
from .errors import DamagedFile, RetraceError
from .home import Cell, Home, Run, StoredCheckpoint, Study, default_home
from .series import Series
from .workbench import Workbench, connect

__all__ = [
    "Cell", "Checkpoint", "DamagedFile", "Home", "RetraceError", "Run", "Series", "StoredCheckpoint", "Study", "Workbench", "connect",
    "default_home", "read_checkpoint",
]  # fmt: skip
