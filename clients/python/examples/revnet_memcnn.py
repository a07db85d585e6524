"""Trains the RevNet-38 of memcnn (van de Leemput et al. 2019) on CIFAR-10 and logs it alongside the runs of Retrace.

python revnet_memcnn.py FOLDER [STEPS]     FOLDER: cifar-10-batches-bin, the binary version of CIFAR-10
"""
import sys
from pathlib import Path

try:
    import torch
    from memcnn.models.resnet import ResNet, RevBasicBlock
except ImportError as error:
    sys.exit(f"This example needs PyTorch and memcnn: pip install torch memcnn ({error}).")
import retrace

folder, steps = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2000


def read(pattern):
    rows = b"".join(path.read_bytes() for path in sorted(folder.glob(pattern)))
    rows = torch.frombuffer(bytearray(rows), dtype=torch.uint8).reshape(-1, 1 + 3072)
    return (rows[:, 1:].reshape(-1, 3, 32, 32) / 255 - 0.47) / 0.25, rows[:, 0].long()


(images, labels), (test_images, test_labels) = read("data_batch_*.bin"), read("test_batch.bin")
torch.manual_seed(1)
network = ResNet(RevBasicBlock, [3, 3, 3], 10, [32, 32, 64, 112], [1, 1, 2, 2], init_kernel_size=3)
# memcnn 1.5.2 frees the input of a block, but PyTorch needs that of the first block for the gradient of the preceding ReLU.
network.layer1[0].revblock.keep_input = True
optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=2e-4)
config = {"library": "memcnn", "depth": 38, "batch": 100, "learningRate": 0.1, "weightDecay": 2e-4, "seed": 1}

with retrace.log("RevNet-38 of memcnn", config=config, tags=["memcnn"], dataset="cifar10", steps=steps) as run:
    for step in range(1, steps + 1):
        chosen = torch.randint(len(images), (100,))
        loss = torch.nn.functional.cross_entropy(network(images[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run.log(step, {"train/loss": loss})
    network.eval()
    with torch.no_grad():
        found = torch.cat([network(some).argmax(1) for some in test_images.split(500)])
    run.finish(test_accuracy=(found == test_labels).float().mean(), images=len(test_labels))
