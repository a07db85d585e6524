"""Executes the code cells of a notebook in order and in one namespace, as Jupyter does, but without Jupyter.

    python run_notebook.py FILE.ipynb
"""
import json
import sys
from pathlib import Path

path = Path(sys.argv[1])
namespace = {"__name__": "__main__"}
for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        # Tracebacks name the cell.
        exec(compile("".join(cell["source"]), f"{path.name}, cell {cell['id']}", "exec"), namespace)
