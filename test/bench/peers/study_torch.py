"""The quick demo's plan as a PyTorch script: one pretraining a seed, then the fine-tunings, and their tests.

Network, steps, batches, validation and tests are those of `graft demo --quick`; data are drawn shapes of its size and
augmentation is flips alone, which is less work than Graft's. One after another with --processes 1, else that many
processes side by side; --threads is each one's.

The last line is JSON: { who, version, runs, seconds, runs_per_hour, dice }.
"""
import argparse
import copy
import json
import multiprocessing
import time

import torch
from torch.nn import functional as F

from pytorch_unet import UNet

SIZE = 64
BASE = 8
CLASSES = 2
PRETRAINING_BATCH = 32
BATCH = 8
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-4
WARM_UP = 0.1
EVALUATE_EVERY = 10
SOURCE_IMAGES = 400
VALIDATION_IMAGES = 16
TEST_IMAGES = 64
ARMS = ("random", "encoder", "encoder+decoder", "decoder")


def images(count, seed):
    """Bright discs on a dark ground, with noise: [count, 1, SIZE, SIZE] and their labels."""
    generator = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    centre = torch.rand(count, 2, 1, 1, generator=generator) * SIZE
    radius = 6 + 12 * torch.rand(count, 1, 1, generator=generator)
    labels = ((x - centre[:, 0]) ** 2 + (y - centre[:, 1]) ** 2 < radius**2).long()
    noise = 0.3 * torch.randn(count, SIZE, SIZE, generator=generator)
    return (0.35 + 0.3 * labels + noise).unsqueeze(1).contiguous(), labels


def loss_of(logits, labels):
    p = logits.softmax(1)[:, 1]
    mask = (labels == 1).float()
    dice = (2 * (p * mask).sum() + 1) / (p.sum() + mask.sum() + 1)
    return F.cross_entropy(logits, labels) + 1 - dice


def dice_of(net, data, labels):
    net.eval()
    with torch.inference_mode():
        found = torch.cat([net(part).argmax(1) for part in data.split(32)])
    net.train()
    both = ((found == 1) & (labels == 1)).sum((1, 2))
    either = (found == 1).sum((1, 2)) + (labels == 1).sum((1, 2))
    return (2 * both / either.clamp(min=1)).mean().item()


def train(net, data, labels, steps, batch, seed, validation=None):
    """Returns the best weights by validation."""
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    warm_up = max(1, round(WARM_UP * steps))
    best, best_weights = -1.0, None
    for step in range(1, steps + 1):
        chosen = torch.randint(len(data), (batch,), generator=generator)
        picture, mask = data[chosen], labels[chosen]
        for axis in (-1, -2):
            if torch.rand(1, generator=generator) < 0.5:
                picture, mask = picture.flip(axis), mask.flip(axis)
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * min(1, step / warm_up)
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(net(picture.contiguous(memory_format=torch.channels_last)), mask)
        loss.backward()
        optimiser.step()
        loss.item()
        if validation is not None and step % EVALUATE_EVERY == 0:
            score = dice_of(net, *validation)
            if score > best:
                best, best_weights = score, copy.deepcopy(net.state_dict())
    return best_weights


def new_net():
    net = UNet(BASE, inputs=1, outputs=CLASSES, skips="conv")
    return net.to(memory_format=torch.channels_last)


def pretrain(job):
    steps, seed, threads = job
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    net = new_net()
    train(net, *images(SOURCE_IMAGES, 1), steps, PRETRAINING_BATCH, seed)
    return net.state_dict()


def finetune(job):
    steps, seed, labels, arm, pretrained, threads = job
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    net = new_net()
    parts = {"encoder": ("encoder", "bottleneck"), "decoder": ("decoder", "skips")}
    for part in arm.split("+") if arm != "random" else ():
        kept = {k: v for k, v in pretrained.items() if k.split(".")[0] in parts[part]}
        net.load_state_dict(kept, strict=False)
    validation, test = images(VALIDATION_IMAGES, 3), images(TEST_IMAGES, 4)
    best = train(net, *images(labels, 2), steps, BATCH, seed, validation)
    last_dice = dice_of(net, *test)
    net.load_state_dict(best)
    return last_dice, dice_of(net, *test)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--labels", default="8,32")
    parser.add_argument("--steps", type=int, default=300)
    options = parser.parse_args()
    start = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    pool = context.Pool(options.processes) if options.processes > 1 else None
    run_all = (lambda f, jobs: pool.map(f, jobs, chunksize=1)) if pool else (lambda f, jobs: [f(j) for j in jobs])
    seeds = range(options.seeds)
    pretrained = run_all(pretrain, [(options.steps, seed, options.threads) for seed in seeds])
    jobs = [
        (options.steps, seed, labels, arm, pretrained[seed], options.threads)
        for seed in seeds
        for labels in map(int, options.labels.split(","))
        for arm in ARMS
    ]
    scores = run_all(finetune, jobs)
    seconds = time.perf_counter() - start
    if pool:
        pool.close()
    print(json.dumps({
        "who": f"torch, {options.processes} x {options.threads} threads",
        "version": torch.__version__,
        "runs": len(jobs),
        "seconds": round(seconds, 1),
        "runs_per_hour": round(3600 * len(jobs) / seconds),
        "dice": round(sum(best for _, best in scores) / len(scores), 3),
    }))


if __name__ == "__main__":
    main()
