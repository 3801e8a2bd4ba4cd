/** Which rows of `images` are of a dataset, and which take part in what is trained and scored, in SQL: what takesPart (shared/task-sources.ts) says of records. */

/** Not in the bin. `i`: how the table is called there. */
export const inDataset = (i: string): string => `${i}.deleted_at IS NULL`;

/** Of a dataset, and not excluded. */
export const takingPart = (i: string): string => `${inDataset(i)} AND ${i}.excluded IS NULL`;
