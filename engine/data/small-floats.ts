/** Floating point that no array of JavaScript holds, as IEEE 754 and TIFF have it: of 16 bits (half) and of 24. */

interface Layout {
  readonly exponentBits: number;
  readonly fractionBits: number;
}

export const SMALL_FLOATS: Readonly<Record<16 | 24, Layout>> = {
  16: { exponentBits: 5, fractionBits: 10 },
  24: { exponentBits: 7, fractionBits: 16 },
};

/** From the bits of a number, as an unsigned one, to what it stands for; NaN and the infinities are what they are. */
export function smallFloat({ exponentBits, fractionBits }: Layout): (bits: number) => number {
  const sign = 2 ** (exponentBits + fractionBits);
  const one = 2 ** fractionBits;
  const most = 2 ** exponentBits - 1;
  const bias = (most - 1) / 2;
  return (bits) => {
    const rest = bits % sign;
    const exponent = Math.floor(rest / one);
    const fraction = rest % one;
    const positive =
      exponent === most
        ? fraction === 0
          ? Infinity
          : NaN
        : exponent === 0
          ? fraction * 2 ** (1 - bias - fractionBits)
          : (1 + fraction / one) * 2 ** (exponent - bias);
    return bits < sign ? positive : -positive;
  };
}

/** IEEE 754 binary16 → number. */
export const fromHalf = smallFloat(SMALL_FLOATS[16]);
