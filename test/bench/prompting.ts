/** The promptable network that comes with Graft, as benchmarks ask it: pictures as Annotate shows them, masks in pixels. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { bundledNetwork } from '../../engine/prompts/bundled-network.ts';
import { framedPrompts } from '../../engine/prompts/frame.ts';
import { networks } from '../../engine/prompts/networks.ts';
import { offeredMasks } from '../../engine/prompts/offered-masks.ts';
import { PictureCache } from '../../engine/prompts/picture-cache.ts';
import { drawnPicture } from '../../engine/prompts/picture.ts';
import type { PredictionRegion, PromptBox, PromptPoint } from '../../shared/api.ts';
import { defaultDisplay, type ImagePixels } from '../../shared/display.ts';
import { forEachSpan } from '../../shared/mask-runs.ts';

export interface Asked {
  readonly points: readonly PromptPoint[];
  readonly box?: PromptBox;
  /** Logits of the mask before, to be refined. */
  readonly from?: Float32Array | null;
}

export interface Answered {
  /** [image height · width] */
  readonly data: Uint8Array;
  readonly logits: Float32Array;
}

export interface Looked {
  readonly encodeMs: number;
  /** Masks as they are offered, the first one first. */
  ask(asked: Asked): Promise<{ readonly masks: readonly Answered[]; readonly ms: number }>;
}

const { signal } = new AbortController();

/**
 * Looks at a part of an image. `keepAt`: what was seen is kept beside this path, and not looked at again.
 * Errors: where the network is not set up.
 */
export async function look(
  pixels: ImagePixels,
  region: PredictionRegion,
  { keepAt }: { readonly keepAt?: string | undefined } = {},
): Promise<Looked> {
  const files = bundledNetwork();
  if (files === null) throw new Error('no network is set up: npm run setup fetches it');
  const picture = await drawnPicture(pixels, { region, display: defaultDisplay(pixels) });
  const started = performance.now();
  const cache = keepAt === undefined ? null : new PictureCache(keepAt);
  const key = createHash('sha256').update(picture.rgb).digest('hex');
  const known = cache?.get(key);
  const embedding = known ?? (await networks.encode(picture, { files, signal }));
  if (known === undefined) cache?.put(key, embedding);
  const encodeMs = performance.now() - started;
  return {
    encodeMs,
    async ask({ points, box, from = null }) {
      const begun = performance.now();
      const prompts = framedPrompts(region, { points, ...(box === undefined ? {} : { box }) });
      const candidates = await networks.decode(
        { embedding, ...prompts, logits: from },
        { files, signal },
      );
      const ms = performance.now() - begun;
      const masks = offeredMasks(candidates, region).map(({ logits, runs }) => {
        const data = new Uint8Array(pixels.width * pixels.height);
        forEachSpan(runs, region.width, (y, x0, x1) => {
          const row = (region.top + y) * pixels.width + region.left;
          data.fill(1, row + x0, row + x1);
        });
        return { data, logits };
      });
      return { masks, ms };
    },
  };
}

/** Largest resident memory of each process that this one started, in MiB; of Linux, and empty elsewhere. */
export function childrenPeakMiB(): number[] {
  try {
    const tasks = readdirSync('/proc/self/task');
    const children = tasks.flatMap((task) =>
      readFileSync(`/proc/self/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean),
    );
    return children.map((pid) => {
      const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return Math.round(Number(peak ?? 0) / 1024);
    });
  } catch {
    return [];
  }
}
