/** Weight files from outside, read in a process of their own: what they do to their reader costs nothing else. */
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { NetworkConfig, WeightFileReport } from '../../../shared/entities.ts';
import { fromWireError, WireError } from '../../../shared/errors.ts';
import { openFile } from '../../data/image-file.ts';
import { isolated } from '../../isolated/processes.ts';
import type { NetworkSpec, Weights } from '../network/parameters.ts';
import type { ImportedWeights, ImportOptions } from './import-weights.ts';
import { partFile } from '../../parts.ts';

/** By its path: tests of the window bundle what is written as `new URL` for a browser. */
const ENTRY = pathToFileURL(partFile('training/weights/weights-process'));
const readers = isolated(ENTRY, { most: 1 });

/** As tensors, unpacked, half precision as float32, as weights of ours, and as the answer. */
const COPIES = 16;

const isObject = (value: unknown) => typeof value === 'object' && value !== null;

const Answer = z.object({
  network: NetworkConfig,
  spec: z.custom<NetworkSpec>(isObject),
  weights: z.custom<Weights>(isObject),
  report: WeightFileReport,
  obstacle: WireError.nullable(),
});

/** import-weights.ts' readWeightFile. Errors: those of it; unreadable, where the file is made to do harm. */
export async function readForeignWeights(
  path: string,
  { preprocessing, base }: ImportOptions,
): Promise<ImportedWeights> {
  const { sizeBytes: size } = await openFile(path, 0);
  const request = { path, preprocessing, base };
  const needs = { subject: path, fileBytes: size, memoryBytes: COPIES * size, workBytes: size };
  const answer = Answer.parse(await readers.use((ask) => ask(request, needs)));
  return { ...answer, obstacle: answer.obstacle && fromWireError(answer.obstacle) };
}
