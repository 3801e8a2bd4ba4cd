/**
 * Graft's own operations for the processor (operations/*.cc), compiled while Graft is set up and registered with
 * TensorFlow in the process that trains. They compute what TensorFlow's do, in fewer walks over memory; sums are made
 * in another order, so each run records which it used, and resumes with the same.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { OwnOperation, type OwnVectors } from '../../../shared/entities.ts';
import { AppError, messageOf } from '../../../shared/errors.ts';
import { SET_UP_AGAIN } from '../../installation.ts';
import { askedWord } from './asked-for.ts';
import { computesBfloat16, processorFeatures } from './processor.ts';

const require = createRequire(import.meta.url);

/** Where build/own-operations.mjs puts the library, and why there is none. */
const fileOf = (name: string) =>
  path.join(path.dirname(require.resolve('@tensorflow/tfjs-node/package.json')), 'lib', name);
const libraryFile = () => fileOf('graft-operations.node');

/** Why setting up could not compile them; null: it could, or nobody knows. */
export function whyNoOperations(): string | null {
  try {
    const record: unknown = JSON.parse(readFileSync(fileOf('graft-operations.json'), 'utf8'));
    return z.object({ reason: z.string().nullable() }).parse(record).reason;
  } catch {
    return null;
  }
}

/** Chosen by whoever started this process: "tensorflow" does without. */
export const areRefused = (): boolean => askedWord('GRAFT_OPERATIONS') === 'tensorflow';

/** Holds the operations to narrower vectors than the processor has (operations/instructions.cc reads it as well). */
const VECTORS = 'GRAFT_INSTRUCTIONS';
/** Features that it keeps them from. */
const WITHHELD: Readonly<Record<string, RegExp>> = {
  avx2: /^(AVX-?512|AMX)/,
  baseline: /^(AVX|AMX|FMA)/,
};

/** What they may use of what the processor has. */
function usable(features: readonly string[] | null): readonly string[] | null {
  const withheld = WITHHELD[askedWord(VECTORS) ?? ''];
  return withheld === undefined || features === null
    ? features
    : features.filter((feature) => !withheld.test(feature));
}

/** Features that code for each width of vectors takes (operations/instructions.cc), the widest first. */
const WIDTHS = [
  ['AVX-512', ['AVX-512', 'AVX2', 'FMA']],
  ['AVX2', ['AVX2', 'FMA']],
] as const;

const widestOf = (used: readonly string[] | null) =>
  WIDTHS.find(([, features]) =>
    features.every((feature) => used?.includes(feature) === true),
  )?.[0] ?? null;

/** Those that suit the processor: convolutions gain with AVX2 and with AVX-512, without either nothing was measured. */
export function suitedOperations(
  features: readonly string[] | null = processorFeatures(),
): readonly OwnOperation[] {
  const used = usable(features);
  return OwnOperation.options.filter((operation) => {
    if (operation === 'bfloat16 activations') return computesBfloat16(used);
    return operation !== 'convolutions' || widestOf(used) !== null;
  });
}

/**
 * The instruction set whose vectors they use: the widest that they are compiled for and the processor has. null: what every
 * processor has. Bits are the same with AVX2 and with AVX-512.
 */
export function vectorsOfOperations(features = processorFeatures()): string | null {
  if (process.arch !== 'x64') return null;
  return widestOf(usable(features));
}

/**
 * What is recorded of the vectors: AVX2 and AVX-512 have the same bits, code for every processor has others. Of a processor
 * that has no other its name tells.
 */
export const recordedVectors = (): OwnVectors | undefined =>
  askedWord(VECTORS) === 'baseline' ? 'baseline' : undefined;

/** Holds this process to the vectors of a run that resumes, whatever is asked for now; call before they are registered. */
export function useVectors(recorded: OwnVectors | undefined): void {
  if (recorded !== undefined) process.env[VECTORS] = recorded;
  else if (recordedVectors() !== undefined) delete process.env['GRAFT_INSTRUCTIONS'];
}

/**
 * Registers them; call once TensorFlow has loaded. `recorded`: those that a run began with, which it must have; null:
 * those that suit this machine, where they are to be had.
 * Errors: engine-unavailable, where a run began with some and they do not load.
 */
export function loadOperations(
  recorded: readonly OwnOperation[] | null,
  log?: (line: string) => void,
): readonly OwnOperation[] {
  const wanted = recorded ?? (areRefused() ? [] : suitedOperations());
  if (wanted.length === 0) return [];
  const library = libraryFile();
  try {
    if (recorded === null && !existsSync(library)) return [];
    require(library);
    return wanted;
  } catch (error) {
    const reason = messageOf(error).split('\n', 1)[0] ?? '';
    if (recorded !== null) {
      throw new AppError(
        'engine-unavailable',
        `This run began with Graft's own operations, which do not load here (${reason}), and would go on with other bits. ${SET_UP_AGAIN}`,
        { cause: error },
      );
    }
    log?.(
      `Graft's own operations do not load (${reason}); TensorFlow's run instead. ${SET_UP_AGAIN}`,
    );
    return [];
  }
}
