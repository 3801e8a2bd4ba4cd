"""The benchmark's U-Net as PyTorch wants it on a processor: channels last, Adam with the foreach kernels."""
import torch
from torch import nn
from torch.nn import functional as F

DEPTH = 4


class Block(nn.Sequential):
    """Twice: convolution 3x3 without bias, batch normalisation, ReLU in place."""

    def __init__(self, inputs, outputs):
        layers = []
        for width in (inputs, outputs):
            layers += [
                nn.Conv2d(width, outputs, 3, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(inplace=True),
            ]
        super().__init__(*layers)


class UNet(nn.Module):
    def __init__(self, base, outputs=1):
        super().__init__()
        widths = [base * 2**level for level in range(DEPTH)]
        below = base * 2**DEPTH
        self.encoder = nn.ModuleList()
        inputs = 3
        for width in widths:
            self.encoder.append(Block(inputs, width))
            inputs = width
        self.bottleneck = Block(inputs, below)
        self.decoder = nn.ModuleList()
        for width in reversed(widths):
            self.decoder.append(Block(width + below, width))
            below = width
        self.head = nn.Conv2d(base, outputs, 1)

    def forward(self, x):
        skips = []
        for block in self.encoder:
            x = block(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottleneck(x)
        for block in self.decoder:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = block(torch.cat((skips.pop(), x), dim=1))
        return self.head(x)


def loss_of(logits, mask):
    """Binary cross-entropy + soft Dice over all pixels."""
    p = logits.sigmoid()
    dice = (2 * (p * mask).sum() + 1) / (p.sum() + mask.sum() + 1)
    return F.binary_cross_entropy_with_logits(logits, mask) + 1 - dice
