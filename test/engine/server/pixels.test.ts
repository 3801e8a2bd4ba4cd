import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import type { EngineEvent } from '../../../shared/events.ts';
import { decodeLabelMap, encodeLabelMap } from '../../../shared/label-map.ts';
import { serveProject } from './page.ts';

/** A project with two generated images of 32×32 px, RGB. */
async function served() {
  const page = await serveProject();
  const { engine, project } = page;
  const dataset = await engine.call('datasets.generate', {
    project,
    name: 'shapes',
    generator: 'texshapes-source',
    count: 2,
    sizePx: 32,
  });
  const { images } = await engine.call('images.list', { project, datasetId: dataset.id });
  const [image] = images;
  if (image === undefined) throw new Error('nothing was generated');
  const at = (kind: string, query: Record<string, string | number>) =>
    pixelsAddress(kind, { project, image: image.id, ...query });
  return { ...page, dataset, image, at };
}

function pixelsAddress(kind: string, query: Record<string, string | number>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) search.set(name, String(value));
  return `/pixels/${kind}?${search.toString()}`;
}

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

describe('pixels over HTTP', () => {
  it('shows thumbnails as PNG of the asked size, with labels where wanted', async () => {
    const { request, at } = await served();
    const plain = await request(at('thumbnail', { side: 16 }));
    expect(plain.headers.get('content-type')).toBe('image/png');
    const small = await bytesOf(plain);
    expect(await sharp(small).metadata()).toMatchObject({ width: 16, height: 16 });
    const labelled = await bytesOf(await request(at('thumbnail', { side: 16, labels: 1 })));
    expect(Buffer.from(labelled).equals(Buffer.from(small))).toBe(false);
    // A second request is answered from memory with the same picture.
    const again = await bytesOf(await request(at('thumbnail', { side: 16, labels: 1 })));
    expect(Buffer.from(again).equals(Buffer.from(labelled))).toBe(true);
  });

  it('lets pictures be kept only under an address that names their content', async () => {
    const { request, at } = await served();
    const loose = await request(at('thumbnail', { side: 16 }));
    expect(loose.headers.get('cache-control')).toBe('no-store');
    const pinned = await request(at('thumbnail', { side: 16, v: 'abc' }));
    expect(pinned.headers.get('cache-control')).toContain('immutable');
  });

  it('refuses the samples of an image that no window could hold, and says what goes all the same', async () => {
    const { request, engine, project, dataset } = await served();
    const { db } = engine.projects.open(project);
    const imageId = db.datasets.addImage({
      ...{ datasetId: dataset.id, name: 'huge.tif', widthPx: 16_384, heightPx: 16_384 },
      ...{ channels: 16, bitDepth: 16, hash: 'none', page: 0, groupName: null, imageClass: null },
      source: { linkPath: '/nowhere/huge.tif' },
    });
    const answer = await request(pixelsAddress('image', { project, image: imageId }));
    expect(answer.status).toBe(415);
    expect(await answer.text()).toContain('huge.tif holds 8.6 GB of samples');
  });

  it('hands out original samples behind a header of four numbers', async () => {
    const { request, at } = await served();
    const bytes = await bytesOf(await request(at('image', {})));
    const header = new DataView(bytes.buffer);
    expect([0, 4, 8, 12].map((offset) => header.getUint32(offset, true))).toEqual([32, 32, 3, 8]);
    expect(bytes.length).toBe(16 + 32 * 32 * 3);
    expect(new Set(bytes.subarray(16)).size).toBeGreaterThan(10);
  });

  it('stores a label map and hands it out again with its revision', async () => {
    const { request, at, engine, project, image } = await served();
    const events: EngineEvent[] = [];
    engine.subscribe((event) => events.push(event));
    const data = new Uint8Array(32 * 32).fill(2, 100, 200);
    const body = encodeLabelMap({ width: 32, height: 32, data });
    const address = at('label-map', { author: 'human', origin: 'this window' });
    const saved = await request(address, { method: 'PUT', body });
    expect(saved.status).toBe(200);
    const { id } = (await saved.json()) as { id: number };

    const loaded = await request(at('label-map', {}));
    expect(Number(loaded.headers.get('x-revision'))).toBe(id);
    expect(decodeLabelMap(await bytesOf(loaded)).data).toEqual(data);
    expect(events).toContainEqual({
      type: 'changed',
      project,
      origin: 'this window',
      changes: {
        images: {
          datasetId: image.datasetId,
          labelled: [{ imageId: image.id, labelMapId: id, isFirst: false }],
        },
      },
    });
    // What was generated is still there.
    const old = await request(at('label-map', { revision: image.labelMapId ?? 0 }));
    expect(old.status).toBe(200);
    const history = await engine.call('labelMaps.history', { project, imageId: image.id });
    expect(history.map((revision) => revision.author)).toEqual(['human', 'generated']);
  });

  it('keeps one revision a sitting, and refuses to paint over another window’s work', async () => {
    const { request, at, engine, project, image } = await served();
    const save = async (value: number, base: number) => {
      const data = new Uint8Array(32 * 32).fill(value);
      const body = encodeLabelMap({ width: 32, height: 32, data });
      return request(at('label-map', { author: 'human', base }), { method: 'PUT', body });
    };
    const idOf = async (response: Response) => ((await response.json()) as { id: number }).id;
    const first = await idOf(await save(1, image.labelMapId ?? 0));
    const second = await idOf(await save(2, first));
    const third = await idOf(await save(3, second));
    const history = await engine.call('labelMaps.history', { project, imageId: image.id });
    expect(history.map((revision) => revision.id)).toEqual([third, image.labelMapId]);

    const late = await save(4, first);
    expect(late.status).toBe(409);
    expect(await late.json()).toMatchObject({ code: 'conflict' });

    // Another sitting begins after ten minutes.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 });
    const fourth = await save(1, third).finally(() => vi.useRealTimers());
    expect(fourth.status).toBe(200);
    const later = await engine.call('labelMaps.history', { project, imageId: image.id });
    expect(later).toHaveLength(3);
  });

  it('takes no value that is no class, and no run that there is not', async () => {
    const { request, at, image } = await served();
    const save = (value: number, query: Record<string, string | number>) =>
      request(at('label-map', { author: 'corrected', ...query }), {
        method: 'PUT',
        body: encodeLabelMap({ width: 32, height: 32, data: new Uint8Array(32 * 32).fill(value) }),
      });
    const foreign = await save(77, {});
    expect([foreign.status, await foreign.text()]).toEqual([
      400,
      expect.stringContaining(`label map of ${image.name} holds 77, which is no class of`),
    ]);
    const unknown = await save(1, { run: 99 });
    expect([unknown.status, await unknown.text()]).toEqual([
      404,
      expect.stringContaining('no run 99'),
    ]);
    expect((await save(255, {})).status).toBe(200);
  });

  it('says what is wrong, in words and status', async () => {
    const { request, at } = await served();
    const errorOf = async (path: string, init?: RequestInit) => {
      const response = await request(path, init);
      const { code } = (await response.json()) as { code: string };
      return [response.status, code];
    };
    const put = (bytes: Uint8Array<ArrayBuffer>) => ({ method: 'PUT', body: bytes });
    const wide = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array(2) }).slice();
    expect(await errorOf(at('label-map', { author: 'human' }), put(wide))).toEqual([
      400,
      'invalid-input',
    ]);
    expect(
      await errorOf(at('label-map', { author: 'human' }), put(new Uint8Array([1, 2, 3]))),
    ).toEqual([422, 'corrupt']);
    expect(await errorOf(at('label-map', { author: 'model' }), put(wide))).toEqual([
      400,
      'invalid-input',
    ]);
    expect(await errorOf(at('label-map', { revision: 999 }))).toEqual([404, 'not-found']);
    expect(await errorOf(at('thumbnail', { image: 999, side: 16 }))).toEqual([404, 'not-found']);
    expect(await errorOf(at('thumbnail', { side: 'large' }))).toEqual([400, 'invalid-input']);
    expect(await errorOf(at('prediction', { run: 1 }))).toEqual([404, 'not-found']);
    expect(await errorOf(at('image', { project: '/not/open.graft' }))).toEqual([404, 'not-found']);
    expect(await errorOf('/pixels/else')).toEqual([404, 'not-found']);
  });

  it('gives nothing to who has no cookie', async () => {
    const { origin, at } = await served();
    expect((await fetch(origin + at('image', {}))).status).toBe(401);
    expect((await fetch(`${origin}/files?batch=a&name=b`, { method: 'POST' })).status).toBe(401);
  });
});
