import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Api, LabelMapTarget } from '../../../renderer/api.ts';
import {
  type AnnotateDocument,
  dropDocument,
  findDocument,
  onDocuments,
  openDocument,
  unsavedDocuments,
} from '../../../renderer/state/annotate-document.ts';
import type { Author, ImageRecord, LabelMapRevision } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Helper } from '../../../shared/helpers.ts';
import { decodeLabelMap, encodeLabelMap } from '../../../shared/label-map.ts';
import { decodeObjectMap } from '../../../shared/objects/object-map.ts';
import { brokenRule } from '../../../shared/objects/rules.ts';

const SIZE = { width: 20, height: 10 };

interface Stored extends LabelMapRevision {
  readonly bytes: Uint8Array;
}

let projects = 0;

/** The engine's side of the contract, in memory. */
function fakeEngine(options: { author?: Author; runId?: number } = {}) {
  const revisions: Stored[] = [];
  const saves: { target: LabelMapTarget; at: number }[] = [];
  let trouble: AppError | null = null;
  const add = (
    author: Author,
    runId: number | null,
    bytes: Uint8Array,
    helpers: readonly Helper[] = [],
  ) => {
    const id = revisions.length + 1;
    revisions.unshift({
      id,
      imageId: 1,
      author,
      runId,
      helpers: [...helpers],
      createdAt: new Date().toISOString(),
      note: '',
      uncertainty: null,
      kept: false,
      bytes,
    });
    return id;
  };
  if (options.author !== undefined) {
    add(
      options.author,
      options.runId ?? null,
      encodeLabelMap({ ...SIZE, data: new Uint8Array(200).fill(2) }),
    );
  }
  const image = new Uint8Array(16 + 200);
  new Uint32Array(image.buffer, 0, 4).set([SIZE.width, SIZE.height, 1, 8]);
  const api: Pick<Api, 'call' | 'fetchPixels' | 'saveLabelMap' | 'origin'> = {
    origin: 'this window',
    // Only two calls are made; their answers have the types that the engine gives them.
    call: ((name: string, input: { labelMapId?: number }) => {
      if (name === 'labelMaps.restore') {
        const old = revisions.find(({ id }) => id === input.labelMapId);
        if (old !== undefined) add(old.author, old.runId, old.bytes, old.helpers);
        return Promise.resolve(revisions[0]);
      }
      return Promise.resolve([...revisions]);
    }) as Api['call'],
    fetchPixels: (path) =>
      Promise.resolve({
        bytes: path.startsWith('/pixels/image') ? image : new Uint8Array(revisions[0]?.bytes ?? []),
        revision: revisions[0]?.id ?? null,
        step: null,
        objects: null,
      }),
    saveLabelMap: (target, bytes) => {
      saves.push({ target, at: Date.now() });
      if (trouble !== null) return Promise.reject(trouble);
      const current = revisions[0]?.id;
      if (target.base !== undefined && target.base !== current) {
        return Promise.reject(new AppError('conflict', 'changed elsewhere'));
      }
      return Promise.resolve({
        id: add(target.author, target.runId ?? null, bytes, target.helpers),
      });
    },
  };
  const record: ImageRecord = {
    id: 1,
    datasetId: 1,
    name: 'a.png',
    widthPx: SIZE.width,
    heightPx: SIZE.height,
    channels: 1,
    bitDepth: 8,
    hash: '0'.repeat(64),
    page: 0,
    channelPages: null,
    storage: 'embedded',
    linkPath: null,
    linkBeside: null,
    groupName: null,
    imageClass: null,
    labelMapId: revisions[0]?.id ?? null,
    excluded: null,
    deletedAt: null,
  };
  // Documents are kept by project and image.
  const project = `project ${++projects}`;
  return {
    revisions,
    saves,
    project,
    record,
    fail: (error: AppError | null) => (trouble = error),
    somebodyElseSaves: () =>
      add('human', null, encodeLabelMap({ ...SIZE, data: new Uint8Array(200).fill(7) })),
    // The document uses nothing else of the api.
    open: () => openDocument(api as Api, { project, record, blank: 0, isScribbled: false }),
  };
}

function paint(document: AnnotateDocument, value: number, y = 0): void {
  const edit = document.layer.edit();
  edit.fillSpan(y, 0, 5, { value, only: null });
  document.history.commit(edit, { kind: 'record', label: 'stroke' });
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('an image that is being annotated', () => {
  test('is saved within half a second of a stroke, as it looks', async () => {
    const engine = fakeEngine();
    const document = await engine.open();
    paint(document, 3);
    expect(document.saveState.kind).toBe('unsaved');
    await vi.advanceTimersByTimeAsync(500);
    expect(document.saveState.kind).toBe('saved');
    expect(engine.revisions).toHaveLength(1);
    const { data } = decodeLabelMap(engine.revisions[0]?.bytes ?? new Uint8Array());
    expect([...data.subarray(0, 6)]).toEqual([3, 3, 3, 3, 3, 0]);
    expect(engine.saves[0]?.target).toMatchObject({ author: 'human', imageId: 1 });
  });

  test('is saved while a stroke is drawn, with the objects that it leaves so far', async () => {
    const engine = fakeEngine();
    const document = await engine.open();
    paint(document, 2);
    document.beginObjects();
    const data = new Uint32Array(SIZE.width * SIZE.height).fill(1, 0, 5);
    const apart = document.layer.edit();
    const policy = { kind: 'record', label: 'told apart' } as const;
    document.history.commit(apart, policy, (own) => own.become({ ...SIZE, data }));
    const edit = document.layer.edit();
    edit.fillSpan(0, 0, 2, { value: 3, only: null });
    edit.flush();
    await vi.advanceTimersByTimeAsync(600);
    const saved = () => {
      const bytes = engine.revisions[0]?.bytes ?? new Uint8Array();
      const from = engine.saves.at(-1)?.target.objectsFrom ?? 0;
      return { classes: bytes.subarray(0, from), objects: bytes.subarray(from) };
    };
    expect(brokenRule(saved(), { hasBackground: true })).toBeNull();
    expect([...decodeObjectMap(saved().objects).data.subarray(0, 6)]).toEqual([0, 0, 1, 1, 1, 0]);
    edit.revert();
    await vi.advanceTimersByTimeAsync(600);
    expect([...decodeObjectMap(saved().objects).data.subarray(0, 6)]).toEqual([1, 1, 1, 1, 1, 0]);
  });

  test('every save says which revision it was made from', async () => {
    const engine = fakeEngine({ author: 'imported' });
    const document = await engine.open();
    paint(document, 3);
    await vi.advanceTimersByTimeAsync(500);
    paint(document, 4);
    await vi.advanceTimersByTimeAsync(500);
    expect(engine.saves.map(({ target }) => target.base)).toEqual([1, 2]);
  });

  test('keeps its strokes while the engine is away, and is not dropped', async () => {
    const engine = fakeEngine();
    const document = await engine.open();
    engine.fail(new AppError('engine-unavailable', 'The engine does not answer.'));
    paint(document, 3);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(document.saveState).toMatchObject({ kind: 'failed', message: /does not answer/ });
    expect(unsavedDocuments()).toContain(document);
    dropDocument(engine.project, 1);
    expect(findDocument(engine.project, 1)).toBe(document);
    expect(await engine.open()).toBe(document);
    engine.fail(null);
    await vi.advanceTimersByTimeAsync(5000);
    expect(document.saveState.kind).toBe('saved');
    expect(unsavedDocuments()).not.toContain(document);
    dropDocument(engine.project, 1);
    expect(findDocument(engine.project, 1)).toBeNull();
  });

  test('steps over a revision that somebody else saved, keeps both, and says so', async () => {
    const engine = fakeEngine({ author: 'imported' });
    const document = await engine.open();
    const told: string[] = [];
    const stop = onDocuments(({ kind }) => told.push(kind));
    engine.somebodyElseSaves();
    expect(document.isForeign({ revision: 2, origin: 'another window' })).toBe(true);
    paint(document, 3);
    await vi.advanceTimersByTimeAsync(500);
    stop();
    expect(engine.revisions.map(({ id, author }) => `${id} ${author}`)).toEqual([
      '3 human',
      '2 human',
      '1 imported',
    ]);
    expect(told).toContain('overtook');
    expect(document.isForeign({ revision: 3, origin: 'this window' })).toBe(false);
  });

  test('is a correction of the run whose prediction was accepted, as long as that is not undone', async () => {
    const engine = fakeEngine();
    const document = await engine.open();
    paint(document, 3);
    document.noteAccepted({ runId: 12, helper: null });
    await vi.advanceTimersByTimeAsync(500);
    paint(document, 4, 2);
    await vi.advanceTimersByTimeAsync(500);
    document.history.goTo(0);
    await vi.advanceTimersByTimeAsync(500);
    document.history.goTo(2);
    await vi.advanceTimersByTimeAsync(500);
    expect(engine.saves.map(({ target }) => [target.author, target.runId])).toEqual([
      ['corrected', 12],
      ['corrected', 12],
      ['human', undefined],
      ['corrected', 12],
    ]);
  });

  test('remembers every helper whose proposal was taken over, and the last network, as long as that is not undone', async () => {
    const engine = fakeEngine();
    const document = await engine.open();
    const saved = async () => {
      await vi.advanceTimersByTimeAsync(500);
      const { author, runId, helpers } = engine.saves.at(-1)?.target ?? {};
      return { author, runId, helpers };
    };
    paint(document, 3);
    document.noteAccepted({ runId: 12, helper: null });
    paint(document, 4, 1);
    document.noteAccepted({ runId: null, helper: 'click' });
    paint(document, 3, 2);
    document.noteAccepted({ runId: null, helper: 'scribbles' });
    const both = { author: 'corrected', runId: 12, helpers: ['scribbles', 'click'] };
    expect(await saved()).toEqual(both);
    await document.refreshRevisions();
    const [made] = document.revisions;
    if (made === undefined) throw new Error('the saved revision is missing');
    document.history.goTo(2);
    expect(await saved()).toEqual({ ...both, helpers: ['click'] });
    document.history.goTo(0);
    expect(await saved()).toEqual({ author: 'human', runId: undefined, helpers: undefined });
    // What is painted on a revision that was brought back is still made from what it was made from.
    await document.restore(made);
    paint(document, 5, 3);
    expect(await saved()).toEqual(both);
    document.history.goTo(0);
    expect(await saved()).toEqual({ author: 'human', runId: undefined, helpers: undefined });
  });

  test('predicted labels stay a correction of their run when they are painted on', async () => {
    const engine = fakeEngine({ author: 'model', runId: 5 });
    const document = await engine.open();
    expect(document.isUnreviewed).toBe(true);
    paint(document, 1);
    await vi.advanceTimersByTimeAsync(500);
    expect(engine.saves[0]?.target).toMatchObject({ author: 'corrected', runId: 5 });
  });

  test('predicted labels that are emptied for review are not saved before a region is taken over', async () => {
    const engine = fakeEngine({ author: 'model', runId: 5 });
    const document = await engine.open();
    const before = document.layer.get(0, 0);
    document.emptyForReview(0);
    expect(document.layer.get(0, 0)).toBe(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(engine.saves).toEqual([]);
    expect(document.isUnreviewed).toBe(true);
    paint(document, 1);
    document.noteAccepted({ runId: 5, helper: null });
    await vi.advanceTimersByTimeAsync(500);
    expect(engine.saves[0]?.target).toMatchObject({ author: 'corrected', runId: 5 });
    document.history.goTo(0);
    expect(document.layer.get(0, 0)).toBe(before);
  });

  test('a restored revision is shown, can be undone, and is not saved twice', async () => {
    const engine = fakeEngine({ author: 'imported' });
    const document = await engine.open();
    paint(document, 3);
    await vi.advanceTimersByTimeAsync(500);
    await document.refreshRevisions();
    const [, imported] = document.revisions;
    if (imported === undefined) throw new Error('the imported revision is missing');
    await document.restore(imported);
    expect(document.layer.get(0, 0)).toBe(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(engine.saves).toHaveLength(1);
    expect(document.revisions.map(({ id }) => id)).toEqual([3, 2, 1]);
    document.history.undo();
    expect(document.layer.get(0, 0)).toBe(3);
    await vi.advanceTimersByTimeAsync(500);
    expect(engine.saves[1]?.target.base).toBe(3);
  });
});
