/** Encoders of a project, trained here or read from a file. */
import { z } from 'zod';
import { Id, Sha256 } from './data.ts';
import { NetworkConfig, WEIGHT_GROUPS } from './network.ts';
import { PretrainingTask } from './training.ts';

/** Whose names and layouts a weight file follows. */
const WEIGHT_NAMINGS = ['graft', 'keras', 'torchvision', 'timm'] as const;
const WeightNaming = z.enum(WEIGHT_NAMINGS);
export type WeightNaming = z.infer<typeof WeightNaming>;

/** What a weight file holds for one layer of the network that it is read into. */
export const ImportedLayer = z.object({
  layer: z.string(),
  group: z.enum(WEIGHT_GROUPS),
  /** Of the layer's first parameter, in the network. */
  shape: z.array(z.number().int()),
  /** random: the file does not hold it; mismatch: it holds something else by that name. */
  state: z.enum(['loaded', 'random', 'mismatch']),
  /** Name in the file; null where it is not there. */
  source: z.string().nullable(),
  /** What is wrong with a mismatch. */
  problem: z.string().nullable(),
});
export type ImportedLayer = z.infer<typeof ImportedLayer>;

/** Where an imported encoder came from, and what became of the file's contents. */
export const WeightFileReport = z.object({
  /** Name of the file, without its folder. */
  file: z.string(),
  sha256: Sha256,
  naming: WeightNaming,
  layers: z.array(ImportedLayer),
  /** Tensors of the file that the network has no place for: classification heads and the like. */
  unused: z.array(z.string()),
  /** What was converted on the way in, in words. */
  notes: z.array(z.string()),
});
export type WeightFileReport = z.infer<typeof WeightFileReport>;

/** A pretrained network worth naming: the result of a pretraining run, or read from a file. */
export const Encoder = z.object({
  id: Id,
  /** null: from a file. */
  runId: Id.nullable(),
  name: z.string(),
  /** What it was pretrained by; null where that is not known. */
  task: PretrainingTask.nullable(),
  /** null: from a run. */
  file: WeightFileReport.nullable(),
  network: NetworkConfig,
  createdAt: z.string(),
  notes: z.string(),
});
export type Encoder = z.infer<typeof Encoder>;
