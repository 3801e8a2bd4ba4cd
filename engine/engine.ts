/**
 * The engine: everything that Graft can do, without a window. Holds the open projects and answers calls.
 * Hosts (the server, the command line, tests) differ only in how calls reach it.
 */
import {
  CALL_CHANGES,
  type CallInput,
  callInputs,
  type CallName,
  type CallOutputs,
  type MutationName,
  type ParsedInput,
  type Progress,
  type ShellInfo,
} from '../shared/api.ts';
import type { EngineChoice } from '../shared/entities.ts';
import { AppError, problemsOf } from '../shared/errors.ts';
import type { Changes, EngineEvent } from '../shared/events.ts';
import {
  createProject,
  type Endpoint,
  openProject,
  type Project,
  projectError,
  trueProjectPath,
} from './db/project.ts';
import { RollingBackups } from './care/rolling-backups.ts';
import { additionHandlers } from './handlers/additions.ts';
import { alikeHandlers } from './handlers/alike.ts';
import { assistHandlers } from './handlers/assist.ts';
import { careHandlers } from './handlers/care.ts';
import { datasetHandlers } from './handlers/datasets.ts';
import type {
  CallContext,
  Changed,
  Handlers,
  OpenProject,
  ProjectRegistry,
} from './handlers/context.ts';
import { elsewhereHandlers } from './handlers/elsewhere.ts';
import { engineWish } from './engine-wish.ts';
import { encoderHandlers } from './handlers/encoders.ts';
import { fileHandlers } from './handlers/files.ts';
import { imageEditHandlers } from './handlers/image-edits.ts';
import { labellingHandlers } from './handlers/labelling.ts';
import { liveHandlers } from './handlers/live.ts';
import { measureHandlers } from './handlers/measures.ts';
import { modelHandlers } from './handlers/models.ts';
import { predictHandlers } from './handlers/predict.ts';
import { predictImageHandlers } from './handlers/predict-image.ts';
import { promptHandlers } from './handlers/prompts.ts';
import { objectHandlers } from './handlers/objects.ts';
import { projectHandlers } from './handlers/projects.ts';
import { runHandlers } from './handlers/runs.ts';
import { settingsHandlers } from './handlers/settings.ts';
import { studyHandlers } from './handlers/studies.ts';
import { systemHandlers } from './handlers/system.ts';
import type { SpawnLive } from './live-process.ts';
import { LiveTraining } from './live-training.ts';
import { KeptTables } from './measure/kept-tables.ts';
import { PendingTrainings } from './models/pending-trainings.ts';
import { Predictor } from './predictor.ts';
import { Prompter } from './prompts/prompter.ts';
import { createSettings } from './settings.ts';
import { Queue } from './study/running/queue.ts';
import type { SpawnTrainer } from './trainer.ts';

const handlers: Handlers<CallName> = {
  ...systemHandlers,
  ...settingsHandlers,
  ...fileHandlers,
  ...projectHandlers,
  ...datasetHandlers,
  ...additionHandlers,
  ...imageEditHandlers,
  ...studyHandlers,
  ...encoderHandlers,
  ...runHandlers,
  ...modelHandlers,
  ...measureHandlers,
  ...predictHandlers,
  ...predictImageHandlers,
  ...careHandlers,
  ...alikeHandlers,
  ...liveHandlers,
  ...labellingHandlers,
  ...promptHandlers,
  ...assistHandlers,
  ...elsewhereHandlers,
  ...objectHandlers,
};

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Who calls; comes back in the news of what the call changed. */
  readonly origin?: string;
}

export interface Engine {
  call<K extends CallName>(
    name: K,
    input: CallInput<K>,
    options?: CallOptions,
  ): Promise<CallOutputs[K]>;
  /** A call whose name and input come from outside and are not yet trusted. */
  callUntrusted(name: string, input: unknown, options?: CallOptions): Promise<unknown>;
  subscribe(listener: (event: EngineEvent) => void): () => void;
  /** The open project of this path, for what reads its pixels. Errors: not-found. */
  project(path: string): OpenProject;
  readonly projects: ProjectRegistry;
  /** Checkpoints what runs and closes all projects. */
  close(): Promise<void>;
}

export interface EngineOptions {
  /** Asked for, whatever the settings say; null or left out: as they say. */
  readonly engine?: EngineChoice | null;
  /** The app: runs queued work of a project as soon as it is opened and backs it up; commands do so only when asked. */
  readonly runQueues?: boolean;
  /** Where other processes of this user may send their calls; asked at every opening of a project. */
  readonly endpoint?: () => Endpoint | null;
  /** Where settings are kept; without it they end with this engine. */
  readonly settingsPath?: string;
  /** What the window is shown in, or would be; asked when somebody wants to know. */
  readonly shell?: () => ShellInfo;
  /** In place of real processes, for tests. */
  readonly spawn?: SpawnTrainer;
  readonly spawnLive?: SpawnLive;
}

function isCallName(name: string): name is CallName {
  return Object.hasOwn(callInputs, name);
}

function parse<K extends CallName>(name: K, input: unknown): ParsedInput<K> {
  const result = callInputs[name].safeParse(input);
  if (!result.success) {
    throw new AppError('invalid-input', problemsOf(result.error, { whole: 'input', asked: name }));
  }
  // zod's type of a schema picked by a generic key is the union of all: this is the one of K.
  return result.data as ParsedInput<K>;
}

const interruptedWords = (name: string) =>
  `"${name}" was being made when Graft ended, and was not whole: nothing of it was kept. Import or generate it again.`;

export function createEngine(options: EngineOptions = {}): Engine {
  const endpoint = options.endpoint ?? (() => null);
  const listeners = new Set<(event: EngineEvent) => void>();
  const open = new Map<string, OpenProject>();
  const backups = new Map<string, RollingBackups>();
  /** Projects whose file is being replaced, by path, until it is. */
  const replacing = new Map<string, Promise<null>>();
  const emit = (event: EngineEvent) => {
    for (const listener of listeners) listener(event);
    for (const { live } of open.values()) live.follow(event);
  };
  const settings = createSettings(options.settingsPath ?? null, (why) =>
    emit({ type: 'notice', message: `Settings last only until Graft ends: ${why}` }),
  );

  const wish = () => engineWish(options.engine ?? null, settings.read());
  /** Asked anew for whatever begins: settings change while a project is open. */
  const wished = {
    get engine() {
      return wish().engine;
    },
    get adapter() {
      return wish().adapter ?? null;
    },
  };

  function register(db: Project): OpenProject {
    const queue = new Queue({
      project: db,
      emit,
      wish: wished,
      ...(options.spawn === undefined ? {} : { spawn: options.spawn }),
    });
    const live = new LiveTraining({
      project: db,
      emit,
      wish: wished,
      isQueueBusy: () => queue.isBusy,
      ...(options.spawnLive === undefined ? {} : { spawn: options.spawnLive }),
    });
    const pendingTrainings = new PendingTrainings((pending) =>
      emit({ type: 'models.pending', project: db.path, pending }),
    );
    const opened = {
      ...{ db, queue, live, pendingTrainings },
      predictor: new Predictor(),
      prompter: new Prompter(db.path),
      measures: new KeptTables(),
    };
    open.set(db.path, opened);
    for (const name of db.interrupted) {
      emit({ type: 'notice', message: interruptedWords(name) });
    }
    if (options.runQueues === true) {
      queue.start();
      live.resume();
      const notice = (message: string) => emit({ type: 'notice', message });
      backups.set(db.path, new RollingBackups(db, notice, () => settings.read().backups));
    }
    return opened;
  }

  const projects: ProjectRegistry = {
    create: (path) => register(createProject(path, { endpoint: endpoint() })),
    open: (path) =>
      open.get(trueProjectPath(path)) ?? register(openProject(path, { endpoint: endpoint() })),
    async close(path) {
      const found = open.get(trueProjectPath(path));
      if (found === undefined) return;
      open.delete(found.db.path);
      await found.pendingTrainings.close();
      found.prompter.close();
      await Promise.all([found.queue.close(), found.live.close(), found.predictor.close()]);
      await backups.get(found.db.path)?.close();
      backups.delete(found.db.path);
      found.db.close();
    },
    async replace(path, work) {
      const { db, queue, pendingTrainings } = openAt(path);
      if (queue.isBusy || pendingTrainings.isBusy || replacing.has(db.path)) {
        throw new AppError(
          'conflict',
          `${path} is being trained on or rewritten, and its file cannot be replaced meanwhile. Wait until that is done, or pause the study; nothing was changed.`,
          { subject: path },
        );
      }
      const replaced = Promise.withResolvers<null>();
      replacing.set(db.path, replaced.promise);
      try {
        await projects.close(db.path);
        await work();
      } finally {
        try {
          projects.open(db.path);
        } finally {
          replacing.delete(db.path);
          replaced.resolve(null);
        }
      }
    },
    list: () => [...open.values()],
  };

  function openAt(path: string): OpenProject {
    const found = open.get(trueProjectPath(path));
    if (found !== undefined) return found;
    throw new AppError('not-found', `${path} is not open. Open it first.`, { subject: path });
  }

  async function run<K extends CallName>(
    name: K,
    input: unknown,
    { signal, onProgress, origin }: CallOptions,
  ): Promise<CallOutputs[K]> {
    const parsed = parse(name, input);
    const changed = (changes: Changes) => {
      const isOfProject = 'project' in parsed && changes.projects === undefined;
      emit({
        type: 'changed',
        project: isOfProject ? trueProjectPath(parsed.project) : null,
        origin: origin ?? null,
        changes,
      });
    };
    const context: CallContext = {
      project: openAt,
      projects,
      settings,
      wish: wish(),
      shell: options.shell ?? (() => null),
      emit,
      changed,
      progress: onProgress ?? (() => undefined),
      signal: signal ?? new AbortController().signal,
    };
    try {
      if ('project' in parsed && replacing.size > 0) {
        await replacing.get(trueProjectPath(parsed.project));
      }
      const answer = await handlers[name](parsed, context);
      // Which of the two an answer is depends on the name, which a generic key does not tell the compiler.
      if (!(name in CALL_CHANGES)) return answer as CallOutputs[K];
      const { output, changes } = answer as Changed<K & MutationName>;
      changed(changes);
      return output;
    } catch (error) {
      throw 'project' in parsed ? projectError(error, parsed.project) : error;
    }
  }

  return {
    call: (name, input, callOptions = {}) => run(name, input, callOptions),
    async callUntrusted(name, input, callOptions = {}) {
      if (!isCallName(name)) throw new AppError('not-found', `There is no call named "${name}".`);
      return run(name, input, callOptions);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    project: openAt,
    projects,
    async close() {
      await Promise.all(replacing.values());
      await Promise.all([...open.keys()].map((path) => projects.close(path)));
    },
  };
}
