/** Label maps that are saved as Annotate does while somebody paints, each timed: what the writer of a project has left beside other work. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../engine/engine.ts';
import { picture } from './bench-project.ts';
import type { Row } from './measure.ts';

const SAVE_EVERY_MS = 100;

/** How long saves take while `work` goes on; on the first image of the first dataset, which is square. */
export async function painting(
  engine: Engine,
  path: string,
  work: () => Promise<unknown>,
): Promise<Row> {
  const [dataset] = await engine.call('datasets.list', { project: path });
  const { images } = await engine.call('images.list', {
    project: path,
    datasetId: dataset?.id ?? 0,
    limit: 1,
  });
  const imageId = images[0]?.id ?? 0;
  const { labelMap: bytes } = picture(2, images[0]?.widthPx ?? 0);
  const start = performance.now();
  const over = { is: false };
  const ended = work().finally(() => (over.is = true));
  const saves: number[] = [];
  let base: number | null = null;
  do {
    const before = performance.now();
    const saved: { id: number } = await engine.call('labelMaps.save', {
      project: path,
      imageId,
      author: 'human',
      runId: null,
      base,
      bytes,
    });
    base = saved.id;
    saves.push(performance.now() - before);
    await sleep(SAVE_EVERY_MS);
  } while (!over.is);
  await ended;
  const sorted = saves.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return {
    seconds: (performance.now() - start) / 1000,
    saves: saves.length,
    'save p50 ms': at(0.5),
    'save p95 ms': at(0.95),
    'save max ms': at(1),
  };
}
