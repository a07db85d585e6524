"""Writes the small pickles next to this file: python make.py NAME PROTOCOL. Run with numpy 1.26 and with numpy 2.

Two images, whose byte j of image i is (i * 7 + j * 13) % 251, in CIFAR-100's Python version.
"""

import pickle
import sys

import numpy as np

name, protocol = sys.argv[1], int(sys.argv[2])
data = np.array([[(i * 7 + j * 13) % 251 for j in range(3072)] for i in range(2)], dtype=np.uint8)
content = {
    b"data": data,
    b"fine_labels": np.array([3, 99]) if "array" in name else [3, 99],
    b"coarse_labels": [1, 2],
    b"filenames": [b"a.png", b"b.png"],
    b"batch_label": b"training batch",
}
with open(name, "wb") as file:
    pickle.dump(content, file, protocol=protocol)
