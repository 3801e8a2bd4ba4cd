/** How the pixels of a sum are split over workgroups, whose parts are then added in their order. */

export interface Split {
  /** Of a part; the last one may have fewer. */
  readonly partPixels: number;
  readonly parts: number;
}

/**
 * `groups`: workgroups of one part. `enough`: those that keep a card busy. `least`: pixels that are worth a workgroup.
 * `multiple`: what the pixels of a part are a multiple of.
 */
export function splitOver(
  pixels: number,
  options: {
    readonly groups: number;
    readonly enough: number;
    readonly least: number;
    readonly multiple?: number;
  },
): Split {
  const { groups, enough, least, multiple = 1 } = options;
  const wanted = Math.min(Math.ceil(enough / groups), Math.ceil(pixels / least));
  const partPixels = Math.ceil(pixels / wanted / multiple) * multiple;
  return { partPixels, parts: Math.ceil(pixels / partPixels) };
}
