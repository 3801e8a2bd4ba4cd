/** SQL of what helps to label: what images look like, what was said to suggestions, and the time spent in Annotate. */
import { Author } from '../../shared/entities.ts';
import type { FeatureSource } from '../../shared/calls/labelling.ts';
import type { Sqlite } from './open.ts';
import { takingPart } from './taking-part.ts';

/** An image as a suggestion sees it. */
export interface LabellingState {
  readonly imageId: number;
  readonly name: string;
  readonly groupName: string | null;
  /** Of the current label map; null where there is none. */
  readonly author: Author | null;
  /** Of a prediction that nobody has looked at; null otherwise. */
  readonly uncertainty: number | null;
  readonly choice: 'later' | 'never' | null;
  /** Labelled images of the dataset when it was put off. */
  readonly labelledThen: number;
}

interface StateRow {
  imageId: number;
  name: string;
  groupName: string | null;
  author: string | null;
  uncertainty: number | null;
  choice: 'later' | 'never' | null;
  labelledThen: number | null;
}

/** Time of one image, in one minute. */
export interface TimeSlot {
  readonly imageId: number;
  /** Whole minutes since 1970. */
  readonly minute: number;
  readonly seconds: number;
}

/** How a source of features is named in a row. */
function featureSourceKey(source: FeatureSource): string {
  if (source.kind === 'encoder') return `encoder ${source.encoderId}`;
  return source.kind === 'run' ? `run ${source.runId}` : 'picture';
}

export function labellingTable(db: Sqlite) {
  const states = db.prepare<[number], StateRow>(
    `SELECT i.id AS imageId, i.name, i.group_name AS groupName, l.author,
       CASE WHEN l.author = 'model' THEN l.uncertainty END AS uncertainty,
       c.choice, c.labelled_then AS labelledThen
     FROM images i
       LEFT JOIN label_maps l ON l.id = (SELECT MAX(m.id) FROM label_maps m WHERE m.image_id = i.id)
       LEFT JOIN labelling_choices c ON c.image_id = i.id
     WHERE i.dataset_id = ? AND ${takingPart('i')} ORDER BY i.id`,
  );
  const choose = db.prepare<[number, string, number]>(
    `INSERT OR REPLACE INTO labelling_choices (image_id, choice, labelled_then) VALUES (?, ?, ?)`,
  );
  const unchoose = db.prepare<[number]>('DELETE FROM labelling_choices WHERE image_id = ?');
  const putFeatures = db.prepare<[number, string, number | null, number | null, Uint8Array]>(
    `INSERT OR REPLACE INTO image_features (image_id, source, encoder_id, run_id, features) VALUES (?, ?, ?, ?, ?)`,
  );
  const featuresOf = db.prepare<[string, number], { imageId: number; bytes: Buffer }>(
    `SELECT f.image_id AS imageId, f.features AS bytes FROM images i
       JOIN image_features f ON f.image_id = i.id AND f.source = ? WHERE i.dataset_id = ?`,
  );
  const addTime = db.prepare<[number, number, number]>(
    `INSERT INTO labelling_time (image_id, minute, seconds) VALUES (?, ?, ?)
       ON CONFLICT (image_id, minute) DO UPDATE SET seconds = seconds + excluded.seconds`,
  );
  const timeOf = db.prepare<[number], TimeSlot>(
    `SELECT t.image_id AS imageId, t.minute, t.seconds FROM labelling_time t
       JOIN images i ON i.id = t.image_id WHERE i.dataset_id = ? ORDER BY t.minute, t.image_id`,
  );
  const eraseTime = db.prepare<[number]>(
    'DELETE FROM labelling_time WHERE image_id IN (SELECT id FROM images WHERE dataset_id = ?)',
  );
  return {
    /** The images of a dataset that take part, in the order of their import. */
    states: (datasetId: number): LabellingState[] =>
      states.all(datasetId).map((row) => ({
        ...row,
        author: row.author === null ? null : Author.parse(row.author),
        labelledThen: row.labelledThen ?? 0,
      })),
    /** null: what was said before is taken back. */
    choose(imageId: number, choice: 'later' | 'never' | null, labelledThen = 0): void {
      if (choice === null) unchoose.run(imageId);
      else choose.run(imageId, choice, labelledThen);
    },
    saveFeatures(imageId: number, source: FeatureSource, features: Float32Array): void {
      const bytes = new Uint8Array(features.buffer, features.byteOffset, features.byteLength);
      const encoderId = source.kind === 'encoder' ? source.encoderId : null;
      const runId = source.kind === 'run' ? source.runId : null;
      putFeatures.run(imageId, featureSourceKey(source), encoderId, runId, bytes);
    },
    /** By image, of those that were computed. */
    features(datasetId: number, source: FeatureSource): Map<number, Float32Array> {
      const rows = featuresOf.all(featureSourceKey(source), datasetId);
      return new Map(
        rows.map(({ imageId, bytes }) => {
          const values = new Float32Array(Math.floor(bytes.length / 4));
          new Uint8Array(values.buffer).set(bytes.subarray(0, values.byteLength));
          return [imageId, values];
        }),
      );
    },
    addTime: ({ imageId, minute, seconds }: TimeSlot) => void addTime.run(imageId, minute, seconds),
    /** Of all images of a dataset, oldest first. */
    time: (datasetId: number): TimeSlot[] => timeOf.all(datasetId),
    eraseTime: (datasetId: number) => void eraseTime.run(datasetId),
  };
}
