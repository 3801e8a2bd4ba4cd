import { expect, it } from 'vitest';
import { type Candidate, distance, inPieces, suggest } from '../../../engine/labelling/suggest.ts';
import { createRandom } from '../../../shared/random.ts';

const random = createRandom(1, 'suggest');
const vector = () => Float32Array.from({ length: 5 }, () => random.uniform(0, 1));
const candidate = (id: number, changes: Partial<Candidate> = {}): Candidate => ({
  ...{ id, group: null, features: vector(), uncertainty: null },
  ...changes,
});

/** As it is written down: the farthest from all centres, measured anew each time. */
function naive(candidates: readonly Candidate[], labelled: Float32Array[], count: number) {
  const centres = [...labelled];
  const left = [...candidates];
  const ids: number[] = [];
  while (ids.length < count) {
    const away = ({ features }: Candidate) =>
      Math.min(...centres.map((centre) => distance(features, centre)));
    const far = left.reduce((one, other) => (away(other) > away(one) ? other : one));
    ids.push(far.id);
    centres.push(far.features);
    left.splice(left.indexOf(far), 1);
  }
  return ids;
}

it('takes without predictions what k-centre greedy takes', async () => {
  const candidates = Array.from({ length: 60 }, (_, i) => candidate(i));
  const labelled = [vector(), vector(), vector()];
  const found = await inPieces(suggest({ candidates, labelled, count: 20 }));
  expect(found.map(({ id }) => id)).toEqual(naive(candidates, labelled, 20));
});

it('never takes two images of a group in a row while there are others', async () => {
  const candidates = Array.from({ length: 30 }, (_, i) =>
    candidate(i, { group: i < 24 ? 'video' : `slide ${i}` }),
  );
  const found = await inPieces(suggest({ candidates, labelled: [vector()], count: 30 }));
  const lastSlide = found.findLastIndex(({ id }) => id >= 24);
  const videos = found.slice(0, lastSlide + 1).map(({ id }) => id < 24);
  expect(videos.filter((is) => !is)).toHaveLength(6);
  expect(videos.slice(1).some((is, i) => is && videos[i])).toBe(false);
});

it('prefers of images that are alike the one that the network is unsure of', async () => {
  const features = vector();
  const candidates = [0.1, 0.6, 0.3].map((uncertainty, i) =>
    candidate(i, { features, uncertainty }),
  );
  const [first] = await inPieces(suggest({ candidates, labelled: [vector()], count: 1 }));
  expect(first).toMatchObject({ id: 1, unsureRank: 1 });
});

it('begins with the most typical image where nothing is labelled', async () => {
  const candidates = [0, 1, 9].map((x, id) => candidate(id, { features: new Float32Array([x]) }));
  const found = await inPieces(suggest({ candidates, labelled: [], count: 3 }));
  expect(found.map(({ id }) => id)).toEqual([1, 2, 0]);
  expect(found[0]?.nearest).toBe('typical');
});
