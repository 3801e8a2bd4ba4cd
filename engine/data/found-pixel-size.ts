/** What files say of the size of their pixels, whichever format they have. */
import { pixelSizeOf, type PixelSize } from '../../shared/pixel-size.ts';

export interface FoundPixelSize {
  /** null: none that can be used. */
  readonly pixelSize: PixelSize | null;
  /** Where it stands, or why it is not used, in words. */
  readonly why: string;
}

/** Sides that differ by less are those of a square. */
const SQUARE = 1e-3;

interface Sides {
  readonly x: number;
  readonly y: number;
  readonly unitX: string;
  readonly unitY: string;
  readonly where: string;
}

/** Pixels that are not square have no size. */
export function squarePixel({ x, y, unitX, unitY, where }: Sides): FoundPixelSize {
  const [width, height] = [pixelSizeOf(x, unitX), pixelSizeOf(y, unitY)];
  if (width === null || height === null) {
    return {
      pixelSize: null,
      why: `${where} says ${x} ${unitX} by ${y} ${unitY}, which is no length`,
    };
  }
  if (width.unit !== height.unit || Math.abs(width.size / height.size - 1) > SQUARE) {
    const why = `${where} says that its pixels are not square (${x} ${unitX} by ${y} ${unitY})`;
    return { pixelSize: null, why };
  }
  return { pixelSize: width, why: where };
}
