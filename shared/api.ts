/**
 * The only list of what can be asked of the engine, and of what each call changes; what is told unasked is events.ts.
 * Each area of calls has a file in calls/. Inputs are validated once, in engine.call; outputs are typed by CallOutputs.
 * Pixels and files do not travel in messages: see exchange.ts.
 */
import { z } from 'zod';
import { systemCalls, systemChanges, type SystemOutputs } from './calls/system.ts';
import { projectsCalls, projectsChanges, type ProjectsOutputs } from './calls/projects.ts';
import { datasetsCalls, datasetsChanges, type DatasetsOutputs } from './calls/datasets.ts';
import { additionsCalls, additionsChanges, type AdditionsOutputs } from './calls/additions.ts';
import { imagesCalls, imagesChanges, type ImagesOutputs } from './calls/images.ts';
import { imageEditsCalls, imageEditsChanges, type ImageEditsOutputs } from './calls/image-edits.ts';
import { splitsCalls, splitsChanges, type SplitsOutputs } from './calls/splits.ts';
import { encodersCalls, encodersChanges, type EncodersOutputs } from './calls/encoders.ts';
import { studiesCalls, studiesChanges, type StudiesOutputs } from './calls/studies.ts';
import { runsCalls, runsChanges, type RunsOutputs } from './calls/runs.ts';
import { alikeCalls, alikeChanges, type AlikeOutputs } from './calls/alike.ts';
import { careCalls, careChanges, type CareOutputs } from './calls/care.ts';
import { modelsCalls, modelsChanges, type ModelsOutputs } from './calls/models.ts';
import { measuresCalls, measuresChanges, type MeasuresOutputs } from './calls/measures.ts';
import { predictCalls, predictChanges, type PredictOutputs } from './calls/predict.ts';
import { liveCalls, liveChanges, type LiveOutputs } from './calls/live.ts';
import { labellingCalls, labellingChanges, type LabellingOutputs } from './calls/labelling.ts';
import { promptCalls, promptChanges, type PromptOutputs } from './calls/prompts.ts';
import { assistCalls, assistChanges, type AssistOutputs } from './calls/assist.ts';
import { elsewhereCalls, elsewhereChanges, type ElsewhereOutputs } from './calls/elsewhere.ts';
import { objectsCalls, objectsChanges, type ObjectsOutputs } from './calls/objects.ts';
import type { WireError } from './errors.ts';
import type { ChangedKind, EngineEvent } from './events.ts';
import { Origin } from './limits.ts';

export * from './calls/system.ts';
export * from './calls/projects.ts';
export * from './calls/datasets.ts';
export * from './calls/additions.ts';
export * from './calls/images.ts';
export * from './calls/image-edits.ts';
export * from './calls/splits.ts';
export * from './calls/encoders.ts';
export * from './calls/studies.ts';
export * from './calls/runs.ts';
export * from './calls/models.ts';
export * from './calls/measures.ts';
export * from './calls/predict.ts';
export * from './calls/care.ts';
export * from './calls/alike.ts';
export * from './calls/live.ts';
export * from './calls/labelling.ts';
export * from './calls/prompts.ts';
export * from './calls/assist.ts';
export * from './calls/elsewhere.ts';
export * from './calls/objects.ts';

export const callInputs = {
  ...systemCalls,
  ...projectsCalls,
  ...datasetsCalls,
  ...additionsCalls,
  ...imagesCalls,
  ...imageEditsCalls,
  ...splitsCalls,
  ...encodersCalls,
  ...studiesCalls,
  ...runsCalls,
  ...modelsCalls,
  ...measuresCalls,
  ...predictCalls,
  ...careCalls,
  ...alikeCalls,
  ...liveCalls,
  ...labellingCalls,
  ...promptCalls,
  ...assistCalls,
  ...elsewhereCalls,
  ...objectsCalls,
} satisfies Record<string, z.ZodType>;

export type CallName = keyof typeof callInputs;

/**
 * What each call changes, of a project or of what stays between starts; of runs that are under way the queue tells by
 * itself. A call that is not listed changes nothing of it; one that is must say what it has changed
 * (engine/handlers/context.ts), and engine.call tells everybody.
 */
export const CALL_CHANGES = {
  ...systemChanges,
  ...projectsChanges,
  ...datasetsChanges,
  ...additionsChanges,
  ...imagesChanges,
  ...imageEditsChanges,
  ...splitsChanges,
  ...encodersChanges,
  ...studiesChanges,
  ...runsChanges,
  ...modelsChanges,
  ...measuresChanges,
  ...predictChanges,
  ...careChanges,
  ...alikeChanges,
  ...liveChanges,
  ...labellingChanges,
  ...promptChanges,
  ...assistChanges,
  ...elsewhereChanges,
  ...objectsChanges,
} as const satisfies Partial<Record<CallName, readonly ChangedKind[]>>;
export type MutationName = keyof typeof CALL_CHANGES;

/** What a caller writes: fields with defaults may be left out. */
export type CallInput<K extends CallName> = z.input<(typeof callInputs)[K]>;
/** What a handler receives. */
export type ParsedInput<K extends CallName> = z.output<(typeof callInputs)[K]>;

export interface CallOutputs
  extends
    SystemOutputs,
    ProjectsOutputs,
    DatasetsOutputs,
    AdditionsOutputs,
    ImagesOutputs,
    ImageEditsOutputs,
    SplitsOutputs,
    EncodersOutputs,
    StudiesOutputs,
    RunsOutputs,
    ModelsOutputs,
    MeasuresOutputs,
    PredictOutputs,
    CareOutputs,
    AlikeOutputs,
    LiveOutputs,
    LabellingOutputs,
    ObjectsOutputs,
    PromptOutputs,
    AssistOutputs,
    ElsewhereOutputs {}

// ───────────────────────────── progress ─────────────────────────────

/** Of one long call. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly message: string;
}

// ───────────────────────────── messages on the WebSocket ─────────────────────────────

export const ClientMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('call'),
    id: z.number().int(),
    name: z.string().max(100),
    input: z.unknown(),
    /** Who calls; comes back in the news of what the call changed. */
    origin: Origin.optional(),
  }),
  z.object({ type: z.literal('cancel'), id: z.number().int() }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

export type ServerMessage =
  | { readonly type: 'result'; readonly id: number; readonly output: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: WireError }
  | { readonly type: 'progress'; readonly id: number; readonly progress: Progress }
  | { readonly type: 'event'; readonly event: EngineEvent };
