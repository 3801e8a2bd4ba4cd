import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type NewLabelMap, saveLabelMap } from '../../../engine/data/save-label-map.ts';
import { createStudy } from '../../../engine/study/planning/create.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { addDataset, smallStudy, temporaryProject } from '../../fixtures/projects.ts';

const MINUTE_MS = 60_000;

/** An image of 2×1 pixels without labels, and a clock that only the test moves. */
function sitting() {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-01T12:00:00Z') });
  onTestFinished(() => void vi.useRealTimers());
  const db = temporaryProject();
  const datasetId = addDataset(db, 'cells', { count: 1, labelled: 0 });
  const [image] = db.datasets.images(datasetId);
  if (image === undefined) throw new Error('no image');
  const map = (...data: number[]) =>
    encodeLabelMap({ width: data.length, height: 1, data: Uint8Array.from(data) });
  const save = (base: number | null, changes: Partial<NewLabelMap> = {}) =>
    saveLabelMap(db, { image, author: 'human', runId: null, base, bytes: map(0, 1), ...changes });
  const revisions = () =>
    db.labelMaps
      .history(image.id)
      .map(({ id }) => id)
      .toReversed();
  const wait = (ms: number) => void vi.setSystemTime(Date.now() + ms);
  return { db, datasetId, image, map, save, revisions, wait };
}

describe('saving what was painted', () => {
  it('leaves one revision of a sitting, however many strokes it had', () => {
    const { save, revisions, wait } = sitting();
    let last = save(null);
    for (let stroke = 0; stroke < 20; stroke++) {
      // Longer than ten minutes in all: each stroke goes on from the one before.
      wait(9 * MINUTE_MS);
      last = save(last);
    }
    expect(revisions()).toEqual([last]);
  });

  it('takes ignored pixels with every dataset, and no value beside its classes', () => {
    const { save, map, revisions } = sitting();
    const last = save(null, { bytes: map(255, 1) });
    expect(revisions()).toEqual([last]);
    for (const value of [2, 254]) {
      expect(() => save(last, { bytes: map(value, 1) })).toThrow(
        `holds ${value}, which is no class of`,
      );
    }
    expect(revisions()).toEqual([last]);
  });

  it('begins another revision after ten minutes', () => {
    const { save, revisions, wait } = sitting();
    const first = save(null);
    wait(10 * MINUTE_MS - 1);
    const second = save(first);
    expect(revisions()).toEqual([second]);
    wait(10 * MINUTE_MS);
    const third = save(second);
    expect(revisions()).toEqual([second, third]);
  });

  it('keeps what another author left', () => {
    const { save, revisions } = sitting();
    const human = save(null);
    const corrected = save(human, { author: 'corrected' });
    expect(revisions()).toEqual([human, corrected]);
  });

  it('keeps what was there where nothing is said to have been edited', () => {
    const { save, revisions } = sitting();
    const first = save(null);
    const second = save(null);
    expect(revisions()).toEqual([first, second]);
  });

  it('keeps what was made of the proposal of another helper', () => {
    const { save, revisions } = sitting();
    const first = save(null, { author: 'corrected', helpers: ['click'] });
    const again = save(first, { author: 'corrected', helpers: ['click'] });
    expect(revisions()).toEqual([again]);
    const other = save(again, { author: 'corrected', helpers: ['click', 'scribbles'] });
    expect(revisions()).toEqual([again, other]);
  });

  it('keeps a correction of another run', () => {
    const { db, save, revisions } = sitting();
    const source = addDataset(db, 'source', { count: 4 });
    const target = addDataset(db, 'target', { count: 20 });
    const study = createStudy(db, smallStudy({ source, target }));
    const [a, b] = db.runs.ofStudy(study.id).map(({ id }) => id);
    if (a === undefined || b === undefined) throw new Error('no runs');
    const first = save(null, { author: 'corrected', runId: a });
    const again = save(first, { author: 'corrected', runId: a });
    expect(revisions()).toEqual([again]);
    const other = save(again, { author: 'corrected', runId: b });
    expect(revisions()).toEqual([again, other]);
  });

  it('keeps a revision that a study was made with, though the sitting goes on', () => {
    const { db, datasetId, image, save, revisions } = sitting();
    const first = save(null);
    db.snapshots.take(datasetId, [
      {
        ...{ imageId: image.id, imageHash: image.hash },
        labelMapId: first,
        imageClass: null,
        part: 'train',
      },
    ]);
    const second = save(first);
    expect(revisions()).toEqual([first, second]);
  });

  it('keeps what was drawn where the objects beneath it are damaged, and these for a repair', () => {
    const { db, save, map, revisions } = sitting();
    const first = save(null);
    db.labelMaps.addObjects(first, Uint8Array.of(1, 2, 3));
    const second = save(first, { bytes: map(1, 1) });
    expect(db.labelMaps.bytes(second)).toEqual(Buffer.from(map(1, 1)));
    expect(db.labelMaps.hasObjects(second)).toBe(false);
    expect(revisions()).toEqual([first, second]);
  });

  it('is refused where somebody else has saved meanwhile, and nothing is lost', () => {
    const { save, revisions } = sitting();
    const first = save(null);
    const second = save(null);
    expect(() => save(first)).toThrow(/changed elsewhere meanwhile/);
    expect(revisions()).toEqual([first, second]);
  });

  it('is refused for another size than the image has, and for what is no label map', () => {
    const { save, map, revisions } = sitting();
    expect(() => save(null, { bytes: map(0, 1, 1) })).toThrow(/is 3×1 px, image 0.png is 2×1/);
    const tall = encodeLabelMap({ width: 2, height: 2, data: new Uint8Array(4) });
    expect(() => save(null, { bytes: tall })).toThrow(/is 2×2 px, image 0.png is 2×1/);
    expect(() => save(null, { bytes: map(0, 1).subarray(0, -1) })).toThrow(/damaged/);
    expect(revisions()).toEqual([]);
  });
});
