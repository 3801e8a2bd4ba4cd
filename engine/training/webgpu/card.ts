/**
 * The graphics card as the rest of the training sees it: its device, what it can do, values read from it, and what is said
 * when it is lost. Started by start.ts; kernels of Graft's own are in kernels/.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { Adapter } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';

/** GRAFT_WEBGPU=off leaves graphics cards alone. */
export const isSwitchedOff = (env: NodeJS.ProcessEnv = process.env): boolean =>
  env['GRAFT_WEBGPU']?.toLowerCase() === 'off';

/** What of an adapter Graft uses where it has it. */
export const WANTED_FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'] as const;
export type CardFeature = (typeof WANTED_FEATURES)[number];

export interface Card {
  readonly adapter: Adapter;
  /** Those that the device was opened with. */
  readonly features: ReadonlySet<CardFeature>;
  readonly limits: GPUSupportedLimits;
  /** Of Dawn's package. */
  readonly version: string;
  readonly device: GPUDevice;
  /** tfjs's, which owns the buffers of its tensors. */
  readonly backend: WebGPUBackend;
  /**
   * The values of a tensor. It may be disposed of at once.
   * Errors: engine-unavailable, where the card was lost or its memory is used up.
   */
  values(tensor: Tensor): Promise<Float32Array>;
  /** Throws what has happened to the card, if anything has: what it computes from then on means nothing. */
  assertWell(): void;
  /**
   * Of something that failed: what has happened to the card, where that is the reason, in words; else the error itself. A
   * lost card refuses what is asked of it before it says that it is lost, so this waits for it a little.
   */
  explained(error: unknown): Promise<unknown>;
  /** Gives everything back; nothing of it may be used any more. */
  close(): void;
}

/** How the processor is asked for, in the window and by a command. */
export const ON_PROCESSOR = 'on the processor (About Graft, or --engine tensorflow)';

const AFTERWARDS =
  'What was trained until the last checkpoint is kept: retry the run to go on from there.';

export const lostCard = (name: string, message: string): AppError =>
  new AppError(
    'engine-unavailable',
    `The graphics card "${name}" was lost${message === '' ? '' : ` (${message.split('\n', 1)[0] ?? ''})`}: its driver was reset or updated, the computer slept, or the card is gone. ${AFTERWARDS} If it happens again, train with smaller batches or images, or ${ON_PROCESSOR}.`,
    { subject: name },
  );

export const cardOutOfMemory = (name: string): AppError =>
  new AppError(
    'engine-unavailable',
    `The memory of the graphics card "${name}" is used up. Close other programs that use the card, or train with a smaller batch, image size or network. ${AFTERWARDS}`,
    { subject: name },
  );

export const cardRefused = (name: string, message: string): AppError =>
  new AppError(
    'engine-unavailable',
    `The graphics card "${name}" refused what was asked of it: ${message.split('\n', 1)[0] ?? ''} Train ${ON_PROCESSOR}, and please report this.`,
    { subject: name },
  );

const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;

export const tooLargeFor = (name: string, bytes: number, limit: number): AppError =>
  new AppError(
    'invalid-input',
    `This network at this size and batch needs ${megabytes(bytes)} in one piece, and the graphics card "${name}" takes ${megabytes(limit)} at most. Choose a smaller batch, image size or network width, or train on the processor.`,
    { subject: name },
  );
