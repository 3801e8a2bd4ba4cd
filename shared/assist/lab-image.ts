/** Colours as they are shown, in numbers whose distance is about how different they look. */

/** A pixel's colour in CIELAB (D65, of sRGB): L 0 … 100. Three planes, [height · width] each. */
export interface LabImage {
  readonly width: number;
  readonly height: number;
  readonly l: Float32Array;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

const LINEAR = Float32Array.from({ length: 256 }, (_, value) => {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
});
/** Steps of the table of cube roots between 0 and 1. */
const ROOT_STEPS = 4096;
const ROOTS = Float32Array.from({ length: ROOT_STEPS + 1 }, (_, i) => {
  const share = i / ROOT_STEPS;
  return share > 216 / 24389 ? Math.cbrt(share) : (841 / 108) * share + 4 / 29;
});
const root = (share: number) => ROOTS[Math.round(Math.min(1, share) * ROOT_STEPS)] ?? 0;

/** `colors`: 0xAABBGGRR. [height · width] */
export function labOf({
  width,
  height,
  colors,
}: {
  readonly width: number;
  readonly height: number;
  readonly colors: Uint32Array;
}): LabImage {
  const [l, a, b] = [
    new Float32Array(colors.length),
    new Float32Array(colors.length),
    new Float32Array(colors.length),
  ];
  for (let i = 0; i < colors.length; i++) {
    const color = colors[i] ?? 0;
    const red = LINEAR[color & 255] ?? 0;
    const green = LINEAR[(color >> 8) & 255] ?? 0;
    const blue = LINEAR[(color >> 16) & 255] ?? 0;
    const y = root(0.2126729 * red + 0.7151522 * green + 0.072175 * blue);
    l[i] = 116 * y - 16;
    a[i] = 500 * (root(0.4339499 * red + 0.3762098 * green + 0.1898403 * blue) - y);
    b[i] = 200 * (y - root(0.0177566 * red + 0.1094683 * green + 0.8727751 * blue));
  }
  return { width, height, l, a, b };
}
