/**
 * How samples become colours on the screen: range, gamma, contrast and brightness, channel by channel, through lookup
 * tables. One rule for Annotate and for the small pictures of the engine, so that an image looks the same wherever it is
 * shown. Looks at pixels and never changes them; training reads samples as stored.
 */

/** An image's samples [height, width, channels]. */
export interface ImagePixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** 8 and 16: unsigned integers; 32: floating point. */
  readonly bitDepth: 8 | 16 | 32;
  readonly data: Uint8Array | Uint16Array | Float32Array;
}

export interface ChannelDisplay {
  readonly visible: boolean;
  /** What the channel adds at full intensity: R, G, B, 0 … 255. */
  readonly color: readonly [number, number, number];
  /** Sample values shown as black and as full intensity. */
  readonly low: number;
  readonly high: number;
}

export interface Display {
  /** −1 … 1, added after contrast. */
  readonly brightness: number;
  /** −1 … 1: 0 leaves it, 1 makes a step. */
  readonly contrast: number;
  /** 0.2 … 5: above 1 lifts the dark. */
  readonly gamma: number;
  readonly channels: readonly ChannelDisplay[];
}

/** Shares of the samples that are shown as black and as white where the range is found from the data. */
const BLACK_SHARE = 0.005;
const WHITE_SHARE = 0.995;
/** Samples a channel that the shares are estimated from. */
const STRETCH_SAMPLES = 100_000;
/** Steps between low and high for floating-point samples: finer than any screen. */
const FLOAT_STEPS = 4096;

const WHITE = [255, 255, 255] as const;
const RGB = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
] as const;
/** For stacks that are not a photograph: told apart with the common kinds of colour blindness. */
const STACK = [
  [0, 255, 0],
  [255, 0, 255],
  [0, 160, 255],
  [255, 200, 0],
  [255, 90, 60],
  [160, 160, 160],
] as const;
/** Channels of a stack that are shown at first. */
const STACK_SHOWN = 4;

function defaultColor(channel: number, channels: number): ChannelDisplay['color'] {
  if (channels === 1) return WHITE;
  if (channels === 3) return RGB[channel] ?? WHITE;
  return STACK[channel % STACK.length] ?? WHITE;
}

/** Values at the two shares of the finite samples of some channels. */
function stretch(pixels: ImagePixels, channels: readonly number[]): { low: number; high: number } {
  const { data, width, height } = pixels;
  const step = Math.max(1, Math.floor((width * height * channels.length) / STRETCH_SAMPLES));
  const some: number[] = [];
  for (let p = 0; p < width * height; p += step) {
    for (const channel of channels) {
      const value = data[p * pixels.channels + channel] ?? 0;
      if (Number.isFinite(value)) some.push(value);
    }
  }
  const sorted = Float64Array.from(some).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return { low: at(BLACK_SHARE), high: at(WHITE_SHARE) };
}

/**
 * Ranges found from the data: one for the three channels of a colour picture, which keeps its hues, else one for each
 * channel.
 */
export function autoContrast(pixels: ImagePixels): { low: number; high: number }[] {
  const all = Array.from({ length: pixels.channels }, (_, channel) => channel);
  const shared = pixels.channels === 3 ? stretch(pixels, all) : null;
  return all.map((channel) => shared ?? stretch(pixels, [channel]));
}

/** 8-bit images as they are, others stretched to what they hold. */
export function defaultDisplay(pixels: ImagePixels): Display {
  const ranges = pixels.bitDepth === 8 ? null : autoContrast(pixels);
  return {
    brightness: 0,
    contrast: 0,
    gamma: 1,
    channels: Array.from({ length: pixels.channels }, (_, channel) => ({
      visible: pixels.channels <= 3 || channel < STACK_SHOWN,
      color: defaultColor(channel, pixels.channels),
      ...(ranges?.[channel] ?? { low: 0, high: 255 }),
    })),
  };
}

/** From a position 0 … 1 in the range to 0 … 1 on the screen. */
function toneCurve({ brightness, contrast, gamma }: Display): (position: number) => number {
  const slope = Math.tan(((Math.min(0.999, Math.max(-1, contrast)) + 1) * Math.PI) / 4);
  return (position) => {
    const bright = Math.min(1, Math.max(0, position)) ** (1 / gamma);
    return Math.min(1, Math.max(0, (bright - 0.5) * slope + 0.5 + brightness));
  };
}

/** One channel's table: index of a sample → its packed contribution 0xBBGGRR. */
interface ChannelTable {
  readonly channel: number;
  readonly colors: Uint32Array;
  /** Index = round((sample − offset) · scale), kept inside the table. */
  readonly offset: number;
  readonly scale: number;
}

function channelTable(pixels: ImagePixels, display: Display, channel: number): ChannelTable {
  const settings = display.channels[channel];
  const { low, high, color } = settings ?? { low: 0, high: 1, color: WHITE };
  const float = pixels.bitDepth === 32;
  const entries = float ? FLOAT_STEPS : 2 ** pixels.bitDepth;
  const range = high > low ? high - low : 1;
  const colors = new Uint32Array(entries);
  const [red, green, blue] = color;
  const tone = toneCurve(display);
  for (let i = 0; i < entries; i++) {
    const t = tone(float ? i / (entries - 1) : (i - low) / range);
    colors[i] = Math.round(t * red) | (Math.round(t * green) << 8) | (Math.round(t * blue) << 16);
  }
  return float
    ? { channel, colors, offset: low, scale: (entries - 1) / range }
    : { channel, colors, offset: 0, scale: 1 };
}

const OPAQUE = 0xff000000;

/** Adds two packed colours, each byte ending at 255. */
function addColors(a: number, b: number): number {
  const red = Math.min(255, (a & 255) + (b & 255));
  const green = Math.min(255, ((a >> 8) & 255) + ((b >> 8) & 255));
  const blue = Math.min(255, ((a >> 16) & 255) + ((b >> 16) & 255));
  return red | (green << 8) | (blue << 16);
}

/** An image as it is displayed under one setting. */
export interface DisplayedImage {
  readonly pixels: ImagePixels;
  /** Colour of a pixel as 0xRRGGBB. */
  rgbAt(x: number, y: number): number;
  /** Colours 0xAABBGGRR of all pixels, [height, width]. */
  all(): Uint32Array<ArrayBuffer>;
  /**
   * Fills `out` [sidePx, sidePx] with colours 0xAABBGGRR of the region whose first pixel is (x0, y0), one for each
   * block of 2^level by 2^level pixels; beyond the image nothing is written.
   */
  rasterise(
    region: { readonly x0: number; readonly y0: number; readonly level: number },
    out: { readonly data: Uint32Array; readonly sidePx: number },
  ): void;
}

export function displayImage(pixels: ImagePixels, display: Display): DisplayedImage {
  const tables = display.channels.flatMap(({ visible }, channel) =>
    visible ? [channelTable(pixels, display, channel)] : [],
  );
  const { data, width, height, channels } = pixels;

  function colorOf(pixel: number): number {
    let color = 0;
    for (const table of tables) {
      const sample = data[pixel * channels + table.channel] ?? 0;
      const last = table.colors.length - 1;
      // Not a number compares false to everything and ends at 0.
      const at = (sample - table.offset) * table.scale;
      const index = at > 0 ? (at < last ? Math.round(at) : last) : 0;
      color = addColors(color, table.colors[index] ?? 0);
    }
    return color;
  }

  /** The usual images (8-bit or 16-bit, colours that do not mix) need no sums. */
  const [first, second, third] = tables;
  const integer = pixels.bitDepth !== 32;
  const disjoint =
    tables.length === 3 &&
    tables.every(({ channel }, i) =>
      display.channels[channel]?.color.every((c, j) => c === 0 || j === i),
    );

  function row(out: Uint32Array, { from, to, count }: { from: number; to: number; count: number }) {
    if (integer && tables.length === 1 && first !== undefined) {
      const { colors, channel } = first;
      for (let i = 0, at = from * channels + channel; i < count; i++, at += channels) {
        out[to + i] = (colors[data[at] ?? 0] ?? 0) | OPAQUE;
      }
    } else if (integer && disjoint && first && second && third) {
      for (let i = 0, at = from * channels; i < count; i++, at += channels) {
        out[to + i] =
          (first.colors[data[at + first.channel] ?? 0] ?? 0) |
          (second.colors[data[at + second.channel] ?? 0] ?? 0) |
          (third.colors[data[at + third.channel] ?? 0] ?? 0) |
          OPAQUE;
      }
    } else {
      for (let i = 0; i < count; i++) out[to + i] = colorOf(from + i) | OPAQUE;
    }
  }

  return {
    pixels,
    rgbAt(x, y) {
      const color = colorOf(y * width + x);
      return ((color & 255) << 16) | (color & 0xff00) | (color >> 16);
    },
    all() {
      const out = new Uint32Array(width * height);
      row(out, { from: 0, to: 0, count: out.length });
      return out;
    },
    rasterise({ x0, y0, level }, out) {
      const step = 2 ** level;
      const columns = Math.min(out.sidePx, Math.ceil((width - x0) / step));
      const rows = Math.min(out.sidePx, Math.ceil((height - y0) / step));
      if (level === 0) {
        for (let y = 0; y < rows; y++) {
          row(out.data, { from: (y0 + y) * width + x0, to: y * out.sidePx, count: columns });
        }
        return;
      }
      // Four samples a block, at its quarters: exact for blocks of two, bounded work for large ones.
      const near = step >> 2;
      const far = step - 1 - near;
      for (let y = 0; y < rows; y++) {
        const upper = Math.min(height - 1, y0 + y * step + near) * width;
        const lower = Math.min(height - 1, y0 + y * step + far) * width;
        for (let x = 0; x < columns; x++) {
          const left = Math.min(width - 1, x0 + x * step + near);
          const right = Math.min(width - 1, x0 + x * step + far);
          out.data[y * out.sidePx + x] =
            meanOfFour(
              colorOf(upper + left),
              colorOf(upper + right),
              colorOf(lower + left),
              colorOf(lower + right),
            ) | OPAQUE;
        }
      }
    },
  };
}

/** Byte by byte, rounded. */
function meanOfFour(a: number, b: number, c: number, d: number): number {
  const even = (a & 0xff00ff) + (b & 0xff00ff) + (c & 0xff00ff) + (d & 0xff00ff) + 0x020002;
  const odd = ((a >> 8) & 0xff) + ((b >> 8) & 0xff) + ((c >> 8) & 0xff) + ((d >> 8) & 0xff) + 2;
  return ((even >> 2) & 0xff00ff) | ((odd >> 2) << 8);
}
