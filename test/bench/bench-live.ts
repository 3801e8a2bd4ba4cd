/** A training that goes on while one labels, for what is measured beside it. */
import type { Engine } from '../../engine/engine.ts';
import { sweptDisc } from '../../renderer/canvas/shapes.ts';
import { imagePoint } from '../../renderer/canvas/viewport.ts';
import { encodeLabelMap } from '../../shared/label-map.ts';

/** Labels the last images of a project with discs and trains on them; resolves when steps are made. */
export async function startLive(
  engine: Engine,
  {
    project,
    labelled,
    side,
  }: { readonly project: string; readonly labelled: number; readonly side: number },
): Promise<void> {
  const { db } = engine.project(project);
  const [dataset] = db.datasets.list();
  if (dataset === undefined) throw new Error('the project has no dataset');
  await engine.call('datasets.setClasses', {
    ...{ project, datasetId: dataset.id },
    classes: [
      { index: 0, name: 'background', color: '#000000' },
      { index: 1, name: 'disc', color: '#e69f00' },
    ],
  });
  for (const [i, { id: imageId }] of db.datasets.images(dataset.id).slice(-labelled).entries()) {
    const data = new Uint8Array(side * side);
    sweptDisc(imagePoint(side / 3, side / 2), imagePoint(side / 2, side / (2 + i)), {
      radius: side / 8,
      visit: (y, x0, x1) => data.fill(1, y * side + Math.max(0, x0), y * side + Math.min(side, x1)),
    });
    const bytes = encodeLabelMap({ width: side, height: side, data });
    db.labelMaps.add({ imageId, author: 'human', bytes });
  }
  await engine.call('live.start', { project, datasetId: dataset.id });
  await new Promise<void>((resolve, reject) => {
    const stop = engine.subscribe((event) => {
      if (event.type !== 'live.state') return;
      const { phase, step, why } = event.state;
      if (phase === 'failed') reject(new Error(why ?? 'the training failed'));
      if (step < 3) return;
      stop();
      resolve();
    });
  });
}
