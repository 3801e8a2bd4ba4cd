import { createHash } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { trainingDecoders } from '../../../../engine/data/decoders.ts';
import { liveSettings } from '../../../../engine/training/live/settings.ts';
import { Pictures } from '../../../../engine/training/live/pictures.ts';
import { cutTile } from '../../../../engine/training/images/tiles.ts';
import { encodeLabelMap } from '../../../../shared/label-map.ts';
import { hurtDecoders, hurtfulImage } from '../../../fixtures/hurtful-image.ts';
import { SIZE_PX, squaresProject } from '../squares-project.ts';

it('sees a large image at its own scale, decodes it once, and exchanges its labels alone', async () => {
  const { project, images } = squaresProject();
  const [image] = images;
  if (image?.labelMapId == null) throw new Error('the project has no labelled image');
  const settings = {
    ...liveSettings(images),
    sampling: { sizePx: SIZE_PX / 2, mode: 'patches' as const },
  };
  const member = (labelMapId: number) => ({
    ...{ image, imageId: image.id, labelMapId, heldOut: false, part: 'train' as const },
  });
  const decoded = vi.spyOn(project.datasets, 'imageBytes');
  const pictures = new Pictures(project);
  const tile = await pictures.of(member(image.labelMapId), settings);
  expect(tile).toMatchObject({ width: SIZE_PX, height: SIZE_PX, channels: 1 });
  const reads = decoded.mock.calls.length;
  expect(reads).toBeGreaterThan(0);

  const data = new Uint8Array(SIZE_PX ** 2).fill(1);
  const bytes = encodeLabelMap({ width: SIZE_PX, height: SIZE_PX, data });
  const corrected = project.labelMaps.add({ imageId: image.id, author: 'corrected', bytes });
  const again = await pictures.of(member(corrected), settings);
  if (tile === null || again === null) throw new Error('it cannot be read');
  const part = { left: 3, top: 5, width: 4, height: 2 };
  expect(cutTile(again, part).labels).toEqual(new Uint8Array(8).fill(1));
  expect(cutTile(again, part).data).toEqual(cutTile(tile, part).data);
  expect(decoded.mock.calls.length).toBe(reads);
  pictures.close();
});

it('leaves an image out that ends its decoder, names it, and sees the next one', async () => {
  // What the test before has started is not hurt.
  trainingDecoders.close();
  hurtDecoders();
  const { project, images } = squaresProject();
  const [image] = images;
  if (image?.labelMapId == null) throw new Error('the project has no labelled image');
  const bytes = hurtfulImage({ width: SIZE_PX, height: SIZE_PX });
  const hurtful = project.datasets.addImage({
    ...{ datasetId: image.datasetId, name: 'hurtful.png', widthPx: SIZE_PX, heightPx: SIZE_PX },
    ...{ channels: 1, bitDepth: 8, page: 0, groupName: null, imageClass: null },
    hash: createHash('sha256').update(bytes).digest('hex'),
    source: { bytes },
  });
  const code = project.labelMaps.bytes(image.labelMapId) ?? new Uint8Array();
  const labelMapId = project.labelMaps.add({ imageId: hurtful, author: 'human', bytes: code });
  const record = project.datasets.image(hurtful);
  if (record === undefined) throw new Error('it was just added');
  const pictures = new Pictures(project);
  const settings = liveSettings(images);
  const side = { heldOut: false, part: 'train' as const };
  const member = { image: record, imageId: hurtful, labelMapId, ...side };
  expect(await pictures.of(member, settings)).toBeNull();
  expect(pictures.unreadable.get(labelMapId)).toEqual({
    name: 'hurtful.png',
    why: expect.stringMatching(/^hurtful\.png ended the process that reads it/) as string,
  });
  const next = { image, imageId: image.id, labelMapId: image.labelMapId, ...side };
  expect(await pictures.of(next, settings)).toMatchObject({ name: image.name });
  pictures.close();
});
