import { describe, expect, it } from 'vitest';
import {
  addProposal,
  isLabelledByPerson,
  openToProposals,
} from '../../../engine/data/label-authors.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { addDataset, temporaryProject } from '../../fixtures/projects.ts';

const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([1, 1]) });

describe('what is proposed', () => {
  it('becomes the labels of images that no person labelled, proposals before it among them', () => {
    const db = temporaryProject();
    const datasetId = addDataset(db, 'cells', { count: 3, labelled: 1 });
    const open = openToProposals(db, datasetId);
    expect(open).toHaveLength(2);
    const imageId = open[0]?.id ?? 0;
    expect(addProposal(db, { imageId, bytes })).toMatchObject({ imageId, isFirst: true });
    expect(openToProposals(db, datasetId)).toHaveLength(2);
    expect(addProposal(db, { imageId, bytes })).toMatchObject({ isFirst: false });
  });

  it('never takes the place of what a person labelled while it was being made', () => {
    const db = temporaryProject();
    const datasetId = addDataset(db, 'cells', { count: 1, labelled: 0 });
    const [image] = openToProposals(db, datasetId);
    const imageId = image?.id ?? 0;
    const own = db.labelMaps.add({ imageId, author: 'human', bytes });
    expect(addProposal(db, { imageId, bytes })).toBeNull();
    const now = db.datasets.image(imageId);
    expect(now?.labelMapId).toBe(own);
    expect(now !== undefined && isLabelledByPerson(db, now)).toBe(true);
  });
});
