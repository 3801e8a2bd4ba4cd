/** What the window remembers from one start to the next, whatever project is open. Stored by engine/settings.ts. */
import { z } from 'zod';
import { EngineChoice } from './entities/computing.ts';
import { FilePath, Name } from './limits.ts';

export const Settings = z.object({
  /** system: as the computer is set. */
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  /** Latest first; absolute paths. */
  recentProjects: z
    .array(
      z.object({
        path: z.string(),
        openedAt: z.string(),
        /** Where in it a window was last, as its address says it: "annotate/1/7". */
        place: z.string().nullable().default(null),
      }),
    )
    .default([]),
  keys: z
    .object({
      /** Name of a set of keys that people know from another tool. */
      preset: z.string().default('graft'),
      /** Action → its keys, where they differ from the preset. */
      rebound: z.record(z.string(), z.array(z.string())).default({}),
    })
    .prefault({}),
  /** Of the projects that a window has open: made by themselves, once a day on which something changed. */
  backups: z
    .object({
      automatic: z.boolean().default(true),
      /** null: beside each project. */
      folder: z.string().nullable().default(null),
    })
    .prefault({}),
  /** Whether the time spent in Annotate is noted in the project. */
  measureTime: z.boolean().default(true),
  /** The two ONNX files of a network for clicks and boxes; null: the one that comes with Graft. */
  promptNetwork: z.object({ encoder: FilePath, decoder: FilePath }).nullable().default(null),
  /** Whether the window says what the next step is. */
  hints: z.boolean().default(true),
  /** What trains and predicts, unless the environment says otherwise. */
  engine: EngineChoice.default('auto'),
  /** Name of the graphics card that computes where `engine` says webgpu; null: the first one. */
  graphicsCard: Name.nullable().default(null),
});
export type Settings = z.infer<typeof Settings>;

/** Fields to change; lists and records are replaced whole. */
export const SettingsPatch = z.object({
  theme: Settings.shape.theme.unwrap().optional(),
  backups: z.object({ automatic: z.boolean(), folder: FilePath.nullable() }).optional(),
  measureTime: z.boolean().optional(),
  hints: z.boolean().optional(),
  engine: EngineChoice.optional(),
  graphicsCard: Name.nullable().optional(),
  keys: z.object({ preset: Name, rebound: z.record(Name, z.array(Name).max(20)) }).optional(),
});
export type SettingsPatch = z.infer<typeof SettingsPatch>;
