/** Masks for clicks and boxes, by a promptable network (SAM and its kin). */
import { z } from 'zod';
import { Id } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { FilePath } from '../limits.ts';
import { PredictionRegion } from './predict.ts';
import { project } from './project.ts';

/** A tangle of more is no shape that somebody means. */
const MAX_RUNS = 2_000_000;
/** Nobody clicks more often at one object. */
const MAX_POINTS = 200;
/** Identifies what a network saw of an image: hex. */
const PictureKey = z.string().regex(/^[0-9a-f]{64}$/);

/** As shared/display.ts has it. */
const PictureDisplay = z.object({
  brightness: z.number(),
  contrast: z.number(),
  gamma: z.number().positive(),
  channels: z
    .array(
      z.object({
        visible: z.boolean(),
        color: z.tuple([z.number(), z.number(), z.number()]),
        low: z.number(),
        high: z.number(),
      }),
    )
    .max(4096),
});

/** In pixels of the image; the pixel (x, y) covers x … x+1. */
const coordinate = z.number().min(-1e6).max(1e6);
export const PromptPoint = z.object({
  x: coordinate,
  y: coordinate,
  /** Whether it belongs to the object. */
  inside: z.boolean(),
});
export type PromptPoint = z.infer<typeof PromptPoint>;

export const PromptBox = z.object({
  x0: coordinate,
  y0: coordinate,
  x1: coordinate,
  y1: coordinate,
});
export type PromptBox = z.infer<typeof PromptBox>;

/** The two ONNX files of a network. */
export const PromptFiles = z.object({ encoder: FilePath, decoder: FilePath });
export type PromptFiles = z.infer<typeof PromptFiles>;

export const promptCalls = {
  /** Which network answers, or why none does. */
  'prompts.state': z.object({}),
  /** null: the one that comes with Graft. */
  'prompts.choose': z.object({ files: PromptFiles.nullable() }),
  /** Has the network look at a part of an image, which takes seconds, unless that was kept. */
  'prompts.prepare': z.object({
    project,
    imageId: Id,
    region: PredictionRegion,
    /** As the image is shown; left out: as it is shown at first. */
    display: PictureDisplay.optional(),
    /** For an image that is not open yet: gives way to whatever is asked for next. */
    ahead: z.boolean().optional(),
  }),
  'prompts.masks': z.object({
    project,
    picture: PictureKey,
    region: PredictionRegion,
    points: z.array(PromptPoint).max(MAX_POINTS),
    box: PromptBox.optional(),
    /** What is to be refined: a mask that was answered before, or a shape in the region (mask-runs.ts). */
    from: z
      .union([
        z.object({ mask: Id }),
        z.object({ runs: z.array(z.number().int().min(0)).max(MAX_RUNS) }),
      ])
      .optional(),
  }),
} satisfies Record<string, z.ZodType>;

export const promptChanges = {
  'prompts.choose': ['settings'],
} as const satisfies Partial<Record<keyof typeof promptCalls, readonly ChangedKind[]>>;

export interface PromptState {
  /** null: there is none. */
  readonly network: {
    readonly name: string;
    /** The one that comes with Graft. */
    readonly isBundled: boolean;
    readonly files: PromptFiles;
  } | null;
  /** Why there is none, and what to do. */
  readonly why: string | null;
}

export interface PreparedPicture {
  readonly picture: string;
  /** null: it was kept from before. */
  readonly seconds: number | null;
}

export interface PromptMask {
  /** Under which it can be refined. */
  readonly mask: number;
  /** How well the network thinks that it fits: 0 … 1. */
  readonly score: number;
  /** In the region (mask-runs.ts). */
  readonly runs: readonly number[];
  /** Pixels. */
  readonly area: number;
}

export interface PromptOutputs {
  'prompts.state': PromptState;
  'prompts.choose': PromptState;
  'prompts.prepare': PreparedPicture;
  /** The best first; those that hold nothing, or what another holds, are left out. */
  'prompts.masks': readonly PromptMask[];
}
