"""Reads runs, series, studies and checkpoints of Retrace, and logs your own runs.

    import retrace

    home = retrace.Home()                         # or retrace.connect(), through the running workbench
    run = home.run("hamiltonian-74")
    loss = run.series("train/loss")               # NumPy arrays: loss.steps, loss.values
    weights = run.checkpoints()[-1].read()        # arrays by name: weights.tensors["params/stem/kernel"]

    with retrace.log("mine", config={"lr": 0.1}) as mine:
        mine.log(1, {"train/loss": 2.3})
"""
from .checkpoints import Checkpoint, read_checkpoint
from .errors import DamagedFile, RetraceError
from .home import Cell, Home, Run, StoredCheckpoint, Study
from .logger import Logger, log
from .places import default_home
from .series import Series
from .workbench import Workbench, connect

__all__ = [
    "Cell", "Checkpoint", "DamagedFile", "Home", "Logger", "RetraceError", "Run", "Series", "StoredCheckpoint", "Study", "Workbench",
    "connect", "default_home", "log", "read_checkpoint",
]  # fmt: skip
