"""Training benchmark in PyTorch; see test/bench/train.ts. bfloat16: autocast, as PyTorch's manual recommends."""
import contextlib

import torch

from benchmark import flags, report
from pytorch_unet import UNet, loss_of

options = flags(__doc__)
torch.set_num_threads(options.threads)
torch.manual_seed(0)

net = UNet(options.base).to(options.device, memory_format=torch.channels_last)
optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
image = torch.rand(options.batch, 3, options.size, options.size).to(options.device, memory_format=torch.channels_last)
mask = torch.randint(0, 2, (options.batch, 1, options.size, options.size)).float().to(options.device)


def precision():
    if options.precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast(options.device, dtype=torch.bfloat16)


def train_step():
    optimiser.zero_grad(set_to_none=True)
    with precision():
        logits = net(image)
    loss = loss_of(logits.float(), mask)
    loss.backward()
    optimiser.step()
    return loss.item()


def infer():
    net.eval()
    with torch.inference_mode(), precision():
        return net(image).float().cpu().numpy()


report("torch", torch.__version__, options, train_step, infer)
