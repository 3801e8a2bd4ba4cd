import { describe, expect, it } from 'vitest';
import { planData } from '../../../../engine/study/planning/plan-data.ts';
import { transparencyOrigin } from '../../../../shared/channels.ts';
import { encodeLabelMap } from '../../../../shared/label-map.ts';
import { addDataset, smallStudy, temporaryProject } from '../../../fixtures/projects.ts';
import { projectToPlan } from './project-to-plan.ts';

describe('a study is refused, with the remedy,', () => {
  const refusal = (changes: Parameters<typeof smallStudy>[1]) => {
    const { project, ids } = projectToPlan();
    return () => planData(project, smallStudy(ids, changes));
  };

  it('when it asks for more labels than there are', () => {
    expect(refusal({ labelCounts: [11] })).toThrow(/asks for 11 .* has 10.*Label more/);
  });

  it('when a dataset is not there', () => {
    expect(refusal({ sourceDatasetId: 99 })).toThrow(/source dataset \(99\)/);
  });

  it('when two pretrainings go by one name, or one by the name of another task', () => {
    const plan = { ...smallStudy({ source: 1, target: 1 }).pretrainings[0] };
    expect(refusal({ pretrainings: [plan, plan] })).toThrow(/"segmentation" is listed twice/);
    expect(refusal({ pretrainings: [{ ...plan, name: 'autoencoder' }] })).toThrow(
      /is the name of a task/,
    );
  });

  it('when more decoder blocks are asked for than there are', () => {
    const [plan] = smallStudy({ source: 1, target: 1 }).pretrainings;
    const deep = { ...plan, transfers: ['encoder+deep-decoder'], deepDecoderBlocks: 5 };
    expect(refusal({ pretrainings: [deep] })).toThrow(/has 4 blocks, so its deepest 5/);
  });

  it('when an encoder is not there', () => {
    expect(refusal({ pretrainings: [{ encoderId: 7, transfers: ['encoder'] }] })).toThrow(
      /no encoder 7/,
    );
  });

  it('when the network cannot halve the image so often', () => {
    expect(refusal({ network: { depth: 6 }, sampling: { sizePx: 96 } })).toThrow(
      /halves its input 6 times .*Choose 128 px/,
    );
  });

  it('when images have channels that the network does not take', () => {
    expect(refusal({ network: { inputChannels: 5 } })).toThrow(
      /^26 images have 1 channel, and the network takes 5: only grey and RGB .* Let it see 1 \(--channels 1\)/,
    );
  });

  it('when a channel would be left out, or no network sees all images, with what to do', () => {
    const planned = (channels: (image: number) => number, inputChannels: number) => {
      const project = temporaryProject();
      const source = addDataset(project, 'source', { count: 6, channels });
      const target = addDataset(project, 'target', { count: 20, channels });
      const config = smallStudy({ source, target }, { network: { inputChannels } });
      return () => planData(project, config);
    };
    expect(planned(() => 2, 1)).toThrow(
      /channels would be left out\. Let it see 2 \(--channels 2\)/,
    );
    expect(planned(() => 4, 3)).toThrow(
      /channels would be left out\. Let it see 4 \(--channels 4\)/,
    );
    expect(planned(() => 4, 1)).toThrow(
      /channels would be left out\. Let it see 4 \(--channels 4\)/,
    );
    expect(planned((i) => 3 + (i % 2), 3)).toThrow(
      /^13 images have 3 channels and 13 have 4, .*No network sees all of them/,
    );
    expect(planned(() => 2, 2)).not.toThrow();
    expect(planned(() => 4, 4)).not.toThrow();
    expect(planned((i) => (i % 2 === 0 ? 1 : 3), 3)().notes).not.toContainEqual(
      expect.stringMatching(/^Not seen/),
    );
    expect(planned(() => 3, 1)().notes).toContain(
      'Not seen by the network, in 26 images: colours are made grey.',
    );
  });

  it('when label maps hold no foreground, in all or in one part of the split', () => {
    const { project, ids } = projectToPlan();
    const empty = encodeLabelMap({ width: 2, height: 1, data: Uint8Array.of(0, 255) });
    const clear = (imageId: number) =>
      project.labelMaps.add({ imageId, author: 'human', bytes: empty });
    const { targetItems } = planData(project, smallStudy(ids));
    for (const { imageId, part } of targetItems) if (part === 'test') clear(imageId);
    expect(() => planData(project, smallStudy(ids))).toThrow(
      /^None of the 6 test label maps of "target" holds anything but background/,
    );
    for (const { imageId } of targetItems) clear(imageId);
    expect(() => planData(project, smallStudy(ids))).toThrow(
      /^None of the 20 label maps of "target" .*nothing to learn/,
    );
  });

  it('when a source without foreground is to teach segmentation, and only then', () => {
    const { project, ids } = projectToPlan();
    const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array(2) });
    for (const { id } of project.datasets.images(ids.source)) {
      project.labelMaps.add({ imageId: id, author: 'human', bytes });
    }
    expect(() => planData(project, smallStudy(ids))).toThrow(/label maps of "source"/);
    const { finetuning: optimisation } = smallStudy(ids);
    const pretrainings = [{ task: 'autoencoder', transfers: ['encoder'], optimisation }];
    expect(() => planData(project, smallStudy(ids, { pretrainings }))).not.toThrow();
  });

  it('when label maps hold values that are no class, naming image, value and remedy', () => {
    const { project, ids } = projectToPlan();
    const relabel = (dataset: number, at: number, values: readonly number[]) => {
      const image = project.datasets.images(dataset)[at];
      const data = Uint8Array.from(values);
      const bytes = encodeLabelMap({ width: 2, height: 1, data });
      project.labelMaps.add({ imageId: image?.id ?? 0, author: 'model', bytes });
    };
    relabel(ids.target, 3, [0, 255]);
    expect(() => planData(project, smallStudy(ids))).not.toThrow();
    relabel(ids.target, 5, [0, 7]);
    relabel(ids.target, 8, [9, 1]);
    expect(() => planData(project, smallStudy(ids))).toThrow(
      /labels of 5\.png hold the value 7, which is no class of "target" \(0 background, 1 cell; .*and 1 more image holds such values\..*Add the class .*--map 7=1 or 7=ignore/,
    );
    relabel(ids.target, 5, [0, 1]);
    relabel(ids.target, 8, [1, 1]);
    relabel(ids.source, 0, [2, 0]);
    expect(() => planData(project, smallStudy(ids))).toThrow(/no class of "source"/);
    const { finetuning: optimisation } = smallStudy(ids);
    const pretrainings = [{ task: 'autoencoder', transfers: ['encoder'], optimisation }];
    expect(() => planData(project, smallStudy(ids, { pretrainings }))).not.toThrow();
  });

  it('when a task has no decoder to transfer, or one that does not fit', () => {
    const plan = (task: string, transfer: string) => ({
      pretrainings: [
        {
          task,
          transfers: [transfer],
          optimisation: smallStudy({ source: 1, target: 1 }).finetuning,
        },
      ],
    });
    expect(refusal(plan('classification', 'decoder'))).toThrow(/trains no decoder/);
    expect(refusal(plan('autoencoder', 'encoder+decoder'))).toThrow(/without skips/);
    expect(refusal(plan('autoencoder', 'encoder'))).not.toThrow();
  });

  it('when the source lacks the labels that a task needs', () => {
    const { project, ids } = projectToPlan();
    const bare = addDataset(project, 'bare', { count: 3, labelled: 0 });
    expect(() => planData(project, smallStudy({ ...ids, source: bare }))).toThrow(
      /needs label maps, and "bare" has none/,
    );
  });

  it('when test images are also in the source, by content', () => {
    const { project, ids } = projectToPlan();
    const copy = addDataset(project, 'copy', { count: 20, content: 'target' });
    expect(() => planData(project, smallStudy({ ...ids, source: copy }))).toThrow(
      /10 validation or test images .*same content/,
    );
  });

  it('when copies lie on both sides of its split, and not for pages of one file', () => {
    const { project, ids } = projectToPlan();
    const split = (name: string, paged: boolean) => {
      const datasetId = addDataset(project, name, { count: 0 });
      const [other] = project.datasets.images(ids.target);
      const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([0, 1]) });
      const items = (['train', 'val', 'test'] as const).map((part, page) => {
        const imageId = project.datasets.addImage({
          ...{ datasetId, name: `${page}.tif`, widthPx: 2, heightPx: 1, channels: 1 },
          ...{ bitDepth: 8, hash: (other?.hash ?? '').replace(/^./, 'f'), page: paged ? page : 0 },
          ...{ groupName: null, imageClass: null, source: { bytes: new Uint8Array(1) } },
        });
        project.labelMaps.add({ imageId, author: 'human', bytes });
        return { imageId, part };
      });
      project.splits.create(datasetId, 'by hand', items);
      const study = smallStudy({ ...ids, target: datasetId }, { labelCounts: [1] });
      return () => planData(project, study);
    };
    expect(split('stack', true)).not.toThrow();
    expect(split('copies', false)).toThrow(
      /1 image lies in more than one part of the split \(same content; the first: 0\.tif, in train and val and test\)/,
    );
  });

  it('when images of one group lie on both sides of its split', () => {
    const { project, ids } = projectToPlan();
    const grouped = addDataset(project, 'grouped', { count: 6, group: (i) => `slide ${i % 3}` });
    const items = project.datasets.images(grouped).map(({ id }, i) => ({
      imageId: id,
      part: i < 2 ? ('train' as const) : i < 4 ? ('val' as const) : ('test' as const),
    }));
    project.splits.create(grouped, 'by hand', items);
    expect(() =>
      planData(project, smallStudy({ ...ids, target: grouped }, { labelCounts: [1] })),
    ).toThrow(/group "slide 0" lie both in the train and in the val part/);
  });

  it('when a group of the source is tested on', () => {
    const { project, ids } = projectToPlan();
    const group = (i: number) => `patient ${i}`;
    const target = addDataset(project, 'grouped', { count: 20, group });
    const source = addDataset(project, 'others', { count: 20, group });
    expect(() => planData(project, smallStudy({ ...ids, source, target }))).toThrow(
      /group "patient \d+" has images both among those to pretrain on and in the (val|test) part/,
    );
  });

  it('when its schedule leaves nothing to go on with', () => {
    const { finetuning } = smallStudy({ source: 1, target: 1 });
    const cosine = { ...finetuning, schedule: 'cosine' };
    expect(refusal({ extension: 2, finetuning: cosine })).toThrow(/cosine schedule cannot go on/);
    expect(refusal({ extension: 2 })).not.toThrow();
  });

  it('when too few images are labelled for a split', () => {
    const { project, ids } = projectToPlan();
    const tiny = addDataset(project, 'tiny', { count: 20, labelled: 2 });
    expect(() => planData(project, smallStudy({ ...ids, target: tiny }))).toThrow(/too few/);
  });
});

it('a plan says which seeds learn from images without foreground, and which classes are lacking', () => {
  const { project, ids } = projectToPlan();
  const classes = project.datasets.get(ids.target)?.classes ?? [];
  project.datasets.setClasses(ids.target, [
    ...classes,
    { index: 2, name: 'nucleus', color: '#56b4e9' },
  ]);
  const config = smallStudy(ids, { labelCounts: [1, 'all'] });
  const { trainImageIds } = planData(project, config);
  const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array(2) });
  for (const imageId of trainImageIds.slice(1)) {
    project.labelMaps.add({ imageId, author: 'human', bytes });
  }
  const { notes } = planData(project, config);
  expect(notes).toContain('Class 2 (nucleus) occurs in no label map: neither learned nor scored.');
  expect(notes).toContainEqual(
    expect.stringMatching(/^With 1 label, the training images of seeds? .*hold no foreground/),
  );
});

it('a plan says that transparency is not seen', () => {
  const { project, ids } = projectToPlan();
  project.datasets.setOrigin(ids.target, transparencyOrigin(4));
  expect(planData(project, smallStudy(ids)).notes).toContain(
    'Not seen by the network: the transparency (alpha channel) of 4 images of "target".',
  );
});

it('warns of images that are nearly the same view and lie on both sides, and names them', () => {
  const { project, ids } = projectToPlan();
  const plain = planData(project, smallStudy(ids));
  const about = (notes: readonly string[]) => notes.filter((note) => note.includes('same view'));
  expect(about(plain.notes)).toEqual([]);
  const of = (part: string) =>
    plain.targetItems.flatMap((item) => (item.part === part ? [item.imageId] : []));
  const [train, test] = [of('train'), of('test')];
  const split = plain.targetItems.map(({ imageId, part }) => ({ imageId, part }));
  project.splits.create(ids.target, 'default', split);
  const pair = (imageId = 0, otherId = 0, similarity = 0.9) => ({ imageId, otherId, similarity });
  const pairs = [pair(train[0], test[0]), pair(train[1], test[1], 0.5), pair(train[2], train[3])];
  project.transaction(() => project.alike.putPairs([], pairs));
  const nameOf = (id = 0) => project.datasets.image(id)?.name ?? '';
  // Lower ids first.
  const placed = [`${nameOf(train[0])} (train)`, `${nameOf(test[0])} (test)`];
  const inOrder = (train[0] ?? 0) < (test[0] ?? 0) ? placed : placed.toReversed();
  expect(about(planData(project, smallStudy(ids)).notes)).toEqual([
    expect.stringContaining(
      `1 pair of images that are nearly the same view lies on both sides: ${inOrder.join(' and ')}.`,
    ),
  ]);
});
