import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generators } from '../../../../engine/data/generators/registry.ts';
import { drawTexShapes } from '../../../../engine/data/generators/tex-shapes.ts';
import type { GeneratedImage } from '../../../../engine/data/generators/generator.ts';

const drawMany = (kind: 'source' | 'target' | 'far-target', count: number, sizePx = 64) =>
  Array.from({ length: count }, (_, index) => drawTexShapes(index, { kind, sizePx, seed: 3 }));

/** Drawn once for all that looks at many. */
const SOURCES = drawMany('source', 200);
const TARGETS = drawMany('target', 200);

/** Mean grey of a class in every image that holds it, minus that of the background around it. */
function contrasts(images: readonly GeneratedImage[], classId: number): number[] {
  return images.flatMap(({ image, labelMap }) => {
    const sums = new Map<number, { value: number; count: number }>();
    labelMap.data.forEach((label, i) => {
      const sum = sums.get(label) ?? { value: 0, count: 0 };
      for (let c = 0; c < 3; c++) sum.value += (image.data[i * 3 + c] ?? 0) / 255 / 3;
      sum.count++;
      sums.set(label, sum);
    });
    const own = sums.get(classId);
    const background = sums.get(0);
    if (own === undefined || background === undefined) return [];
    return [own.value / own.count - background.value / background.count];
  });
}

describe('TexShapes', () => {
  it('keeps its images from version to version', () => {
    const hash = createHash('sha256');
    for (const kind of ['source', 'target', 'far-target'] as const) {
      for (const { image, labelMap } of drawMany(kind, 3)) {
        hash.update(image.data).update(labelMap.data);
      }
    }
    expect(hash.digest('hex').slice(0, 16)).toBe('5ea01a9ea77f0575');
  });

  it('draws image i the same however many are drawn, and another one for another seed', () => {
    const fifth = drawTexShapes(5, { kind: 'source', sizePx: 64, seed: 3 });
    expect(SOURCES[5]).toEqual(fifth);
    const other = drawTexShapes(5, { kind: 'source', sizePx: 64, seed: 4 });
    expect(other.image.data).not.toEqual(fifth.image.data);
  });

  it('gives no class away by its mean intensity', () => {
    for (const classId of [1, 2, 3, 4]) {
      const differences = contrasts(SOURCES, classId);
      expect(differences.length).toBeGreaterThan(50);
      const mean = differences.reduce((a, b) => a + b, 0) / differences.length;
      // A texture's amplitude is .10 to .20; the standard error of the mean is about .005.
      expect(Math.abs(mean)).toBeLessThan(0.02);
    }
    const found = contrasts(TARGETS, 1);
    expect(Math.abs(found.reduce((a, b) => a + b, 0) / found.length)).toBeLessThan(0.02);
  });

  it('puts two to five shapes of four textures into a source image, labelled by the largest area', () => {
    const seen = new Set<number>();
    for (const { labelMap, imageClass } of SOURCES) {
      const areas = [0, 0, 0, 0, 0];
      for (const label of labelMap.data) areas[label] = (areas[label] ?? 0) + 1;
      expect(areas[(imageClass ?? -2) + 1]).toBe(Math.max(...areas.slice(1)));
      seen.add(imageClass ?? -1);
    }
    expect([...seen].sort()).toEqual([0, 1, 2, 3]);
  });

  it('puts something to find into every target image, and covers little of it', () => {
    for (const { labelMap } of TARGETS) {
      const foreground = labelMap.data.reduce((a, b) => a + b, 0);
      expect(foreground).toBeGreaterThan(0);
      expect(foreground).toBeLessThan(0.6 * labelMap.data.length);
      expect(Math.max(...labelMap.data)).toBe(1);
    }
  });

  it('changes the image class and nothing else when labelled by shape or by count', () => {
    const labelled = (labelBy: 'shape' | 'count') =>
      Array.from({ length: 40 }, (_, i) =>
        drawTexShapes(i, { kind: 'source', sizePx: 64, seed: 3, labelBy }),
      );
    const byTexture = SOURCES.slice(0, 40);
    const classes = (images: readonly GeneratedImage[]) => images.map((i) => i.imageClass);
    const [byShape, byCount] = [labelled('shape'), labelled('count')];
    for (const images of [byShape, byCount]) {
      images.forEach((image, i) => {
        expect(image.image).toEqual(byTexture[i]?.image);
        expect(image.labelMap).toEqual(byTexture[i]?.labelMap);
      });
      expect(classes(images)).not.toEqual(classes(byTexture));
    }
    expect(Math.min(...classes(byCount).map((c) => c ?? 0))).toBeGreaterThanOrEqual(1);
  });
});

describe('every generator', () => {
  it.each(generators.map((generator) => ({ name: generator.name, generator })))(
    '$name draws any size, within its classes',
    ({ generator }) => {
      for (const sizePx of [16, 50, 200]) {
        const drawn = generator.draw(0, { sizePx, seed: 1 });
        const { image, labelMap, imageClass } = drawn;
        expect([image.width, image.height]).toEqual([sizePx, sizePx]);
        expect([labelMap.width, labelMap.height]).toEqual([sizePx, sizePx]);
        expect(image.data.length).toBe(sizePx * sizePx * image.channels);
        expect(labelMap.data.length).toBe(sizePx * sizePx);
        expect(Math.max(...labelMap.data)).toBeLessThan(generator.classes.length);
        expect(new Set(image.data).size).toBeGreaterThan(20);
        if (generator.imageClasses.length === 0) expect(imageClass).toBeNull();
        else expect(generator.imageClasses[imageClass ?? -1]).toBeDefined();
        expect(generator.draw(0, { sizePx, seed: 1 })).toEqual(drawn);
      }
    },
  );
});
