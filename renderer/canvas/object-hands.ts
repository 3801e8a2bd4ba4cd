/** What the tools can do with objects of the image under the pointer. */
import type { ImagePoint, Rect } from './viewport.ts';

export interface ObjectHands {
  /** The object that is picked; 0: none. */
  readonly picked: number;
  at(point: ImagePoint): number;
  /** 0: none any more. */
  pick(number: number): void;
  /** Makes an object part of the picked one; where none is picked, it is. */
  join(number: number): void;
  split(line: readonly ImagePoint[]): void;
  /** Deletes them, with their labels; 0 is none. */
  remove(numbers: readonly number[]): void;
  /** Those whose middle lies in a rectangle. */
  within(rect: Rect): number[];
}
