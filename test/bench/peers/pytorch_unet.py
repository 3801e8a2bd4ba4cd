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


def skip_block(width):
    return nn.Sequential(
        nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
    )


class UNet(nn.Module):
    """skips: "concat", as they are; "conv", through a 1x1 block each."""

    def __init__(self, base, inputs=3, outputs=1, skips="concat"):
        super().__init__()
        widths = [base * 2**level for level in range(DEPTH)]
        below = base * 2**DEPTH
        self.encoder = nn.ModuleList()
        self.skips = nn.ModuleList(
            skip_block(width) if skips == "conv" else nn.Identity() for width in widths
        )
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
        for block, skip in zip(self.encoder, self.skips):
            x = block(x)
            skips.append(skip(x))
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
