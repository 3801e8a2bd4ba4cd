/** Which engine computes. */
import { z } from 'zod';

/** Those that there are: native TensorFlow, the portable one, the graphics card. */
export const EngineName = z.enum(['tensorflow', 'wasm', 'webgpu']);
export type EngineName = z.infer<typeof EngineName>;

/**
 * auto: native TensorFlow where it is installed, else the portable engine; the graphics card where it was measured to be
 * faster.
 */
export const EngineChoice = z.enum(['auto', ...EngineName.options]);
export type EngineChoice = z.infer<typeof EngineChoice>;

/** The engine that a study or a run was given: what was measured to be fastest, or what somebody asked for. */
export const Computing = z.object({
  engine: EngineName,
  /** Name of the graphics card; left out: another engine. */
  adapter: z.string().optional(),
});
export type Computing = Readonly<z.infer<typeof Computing>>;
