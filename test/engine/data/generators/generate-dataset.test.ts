import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateDataset } from '../../../../engine/data/generators/generate-dataset.ts';
import { findGenerator } from '../../../../engine/data/generators/registry.ts';
import { readImage } from '../../../../engine/data/image-source.ts';
import { createProject, type Project } from '../../../../engine/db/project.ts';
import { decodeLabelMap } from '../../../../shared/label-map.ts';

let dir: string;
let project: Project;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'graft-generate-'));
  project = createProject(join(dir, 'p.graft'));
});

afterEach(() => {
  project.close();
  rmSync(dir, { recursive: true });
});

const settings = { generator: 'texshapes-source', name: 'source', count: 70, sizePx: 32, seed: 9 };

describe('a generated dataset', () => {
  it('is an ordinary dataset whose pixels and label maps are those that were drawn', async () => {
    const steps: number[] = [];
    const id = await generateDataset(project, { ...settings, onProgress: (n) => steps.push(n) });
    const generator = findGenerator('texshapes-source');
    const dataset = project.datasets.get(id);
    expect(dataset).toMatchObject({
      name: 'source',
      imageCount: 70,
      labelledCount: 70,
      imageClasses: ['stripes', 'checker', 'dots', 'granular'],
      origin: { generator: 'texshapes-source', count: 70, sizePx: 32, seed: 9 },
    });
    expect(dataset?.classes).toEqual(generator.classes);
    expect(steps).toEqual([64, 70]);
    const images = project.datasets.images(id);
    for (const index of [0, 69]) {
      const record = images[index];
      if (record?.labelMapId == null) throw new Error('no label map');
      const drawn = generator.draw(index, settings);
      const decoded = await readImage(project, record);
      expect(decoded.channels).toBe(3);
      expect([...decoded.data]).toEqual([...drawn.image.data]);
      const bytes = project.labelMaps.bytes(record.labelMapId);
      expect(bytes && decodeLabelMap(bytes)).toEqual(drawn.labelMap);
      expect(record.imageClass).toBe(drawn.imageClass);
      expect(project.labelMaps.get(record.labelMapId)?.author).toBe('generated');
    }
  });

  it('is not made under a taken name or by an unknown generator', async () => {
    await generateDataset(project, { ...settings, count: 1 });
    await expect(generateDataset(project, settings)).rejects.toMatchObject({ code: 'conflict' });
    await expect(
      generateDataset(project, { ...settings, name: 'other', generator: 'faces' }),
    ).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('texshapes-target') as string,
    });
    expect(project.datasets.list()).toHaveLength(1);
  });

  it('leaves nothing behind when it is stopped', async () => {
    const controller = new AbortController();
    const stopped = generateDataset(project, {
      ...settings,
      onProgress: () => controller.abort(),
      signal: controller.signal,
    });
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
    expect(project.datasets.list()).toEqual([]);
  });
});
