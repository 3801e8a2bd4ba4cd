/** Calls about this machine and what Graft can do on it. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type {
  AboutReport,
  DoctorCheck,
  DoctorReport,
  GraphicsCard,
  ShellInfo,
} from '../../shared/api.ts';
import { type EngineInfo, NetworkConfig, PRETRAINING_TASKS } from '../../shared/entities.ts';
import { adapterInText, engineInText } from '../../shared/engine-words.ts';
import { toWireError } from '../../shared/errors.ts';
import { PRETRAINING_TASK_FACTS } from '../../shared/pretraining-tasks.ts';
import { generators } from '../data/generators/registry.ts';
import { graphicsCards } from '../graphics-cards.ts';
import { REPAIR, ROOT } from '../installation.ts';
import { licences } from '../licences.ts';
import { isKernelsAskedFor } from '../training/tensorflow/kernels.ts';
import { askedWord } from '../training/tensorflow/asked-for.ts';
import {
  areRefused,
  vectorsOfOperations,
  whyNoOperations,
} from '../training/tensorflow/operations.ts';
import { processorFeatures } from '../training/tensorflow/processor.ts';
import { runTrainer } from '../trainer.ts';
import { GRAFT_VERSION } from '../version.ts';
import type { CallContext, Handlers } from './context.ts';

/** Left by build/tensorflow.mjs: what was installed, and why it is not native where it is not. */
const ENGINE_FILE = join(ROOT, 'node_modules', '.graft-engine.json');
const EngineFile = z.object({
  engine: z.string(),
  version: z.string(),
  reason: z.string().nullable(),
});

function installedEngineReason(): string | null {
  if (!existsSync(ENGINE_FILE)) return null;
  const parsed = EngineFile.safeParse(JSON.parse(readFileSync(ENGINE_FILE, 'utf8')));
  return parsed.success ? parsed.data.reason : null;
}

/**
 * Trains one step of a tiny network in a trainer process: the only proof that the engine works. `said`: what the trainer
 * could not do as it should.
 */
async function tryEngine(context: CallContext): Promise<{ info: EngineInfo; said: string }> {
  let info: EngineInfo | undefined;
  const said: string[] = [];
  await runTrainer(
    {
      type: 'calibrate',
      threads: availableParallelism(),
      engine: context.wish.engine,
      ...(context.wish.adapter == null ? {} : { adapter: context.wish.adapter }),
      network: NetworkConfig.parse({ depth: 1, base: 2 }),
      sampling: { sizePx: 16, mode: 'resize' },
      precision: 'float32',
      batch: 1,
      steps: 1,
    },
    {
      signal: context.signal,
      onEvent(event) {
        if (event.type === 'calibrated') info = event.engine;
        if (event.type === 'log') said.push(event.message);
      },
    },
  );
  if (info === undefined) throw new Error('the trainer did not answer');
  return { info, said: said.join(' ') };
}

/** A window in a browser is no problem, but whoever wonders why is told. */
export const checkOf = ({ detail, reason }: ShellInfo): DoctorCheck => ({
  name: 'window',
  ok: true,
  detail,
  remedy: reason === null ? null : `Not in Electron: ${reason}`,
});

/** Until somebody has measured one. */
const UNMEASURED =
  'Checked on a software driver, not yet measured on a card: GRAFT_ENGINE=webgpu trains on it.';

/** A card is no condition of anything: that there is none is no problem. */
function checkOfCards(cards: readonly GraphicsCard[], why: string | null): DoctorCheck {
  const name = 'graphics card';
  if (why !== null) return { name, ok: true, detail: 'none', remedy: why };
  return {
    name,
    ok: true,
    detail: cards
      .map((card) => {
        const { maker, architecture, isSoftware, features, largestTensorBytes } = card;
        return [
          adapterInText(card),
          ...(maker === '' ? [] : [`maker ${maker}`]),
          ...(architecture === '' ? [] : [`kind ${architecture}`]),
          ...(isSoftware ? ['no card: computes on the processor'] : []),
          `tensors up to ${(largestTensorBytes / 2 ** 30).toFixed(1)} GiB`,
          ...features,
        ].join(', ');
      })
      .join('; '),
    remedy: UNMEASURED,
  };
}

/** Which vectors Graft's operations use, and who asked for them to be narrower, or for none of these operations. */
export function wordsOfVectors({ operations = [] }: EngineInfo): string {
  if (operations.length === 0) {
    return areRefused() ? "; without Graft's operations, as GRAFT_OPERATIONS asks" : '';
  }
  const isHeld = askedWord('GRAFT_INSTRUCTIONS') !== null;
  const vectors = vectorsOfOperations() ?? (isHeld ? 'what every processor has' : null);
  if (vectors === null) return '';
  const asked = isHeld ? ', as GRAFT_INSTRUCTIONS asks' : '';
  const narrow = operations.includes('bfloat16 activations');
  const types = narrow ? ', and compute in bfloat16 where a run asks for it' : '';
  return `; these operations use ${vectors}${asked}${types}`;
}

/** `reason`: why native TensorFlow is not installed; null: it is, or nobody knows. `said`: as tryEngine has it. */
export function checkOfEngine(
  engine: EngineInfo,
  reason: string | null,
  said: string,
): DoctorCheck {
  const about = engineInText(engine);
  const asked = isKernelsAskedFor() ? ', as TF_ENABLE_ONEDNN_OPTS asks' : '';
  const widest = wordsOfVectors(engine);
  const checks = {
    tensorflow: {
      detail: `native ${about}${asked}${widest}`,
      remedy: said === '' ? whyNoOperations() : said,
    },
    wasm: { detail: `portable engine (${about}): training works, but slower`, remedy: reason },
    webgpu: { detail: about, remedy: null },
  };
  return { name: 'training engine', ok: true, ...checks[engine.name] };
}

const about = (): AboutReport => ({
  graft: GRAFT_VERSION,
  node: process.version,
  platform: `${process.platform}-${process.arch}`,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  processorFeatures: processorFeatures(),
});

async function doctor(context: CallContext): Promise<DoctorReport> {
  const checks: DoctorCheck[] = [];
  let engine: EngineInfo | null = null;
  const reason = installedEngineReason();
  try {
    const tried = await tryEngine(context);
    engine = tried.info;
    checks.push(checkOfEngine(engine, reason, tried.said));
  } catch (error) {
    checks.push({
      name: 'training engine',
      ok: false,
      detail: toWireError(error).message,
      // A card that is not there is no fault of the installation.
      remedy: context.wish.engine === 'webgpu' ? null : REPAIR,
    });
  }
  const { adapters, why } = await graphicsCards(true);
  checks.push(checkOfCards(adapters, why));
  const facts = about();
  const { memoryBytes } = facts;
  const enough = memoryBytes >= 4 * 2 ** 30;
  checks.push({
    name: 'memory',
    ok: enough,
    detail: `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`,
    remedy: enough ? null : 'Below 4 GiB, train one run at a time with small images.',
  });
  const shell = context.shell();
  if (shell !== null) checks.push(checkOf(shell));
  return {
    ...facts,
    engine,
    graphicsCards: adapters,
    engineReason: engine?.name === 'tensorflow' ? null : reason,
    shell,
    checks,
  };
}

export const systemHandlers: Handlers<
  'system.about' | 'system.doctor' | 'system.licences' | 'system.tasks' | 'system.generators'
> = {
  'system.about': about,
  'system.doctor': (_input, context) => doctor(context),
  'system.licences': () => licences(),
  'system.tasks': () =>
    PRETRAINING_TASKS.map((task) => ({ task, ...PRETRAINING_TASK_FACTS[task] })),
  'system.generators': () => generators.map(({ name, description }) => ({ name, description })),
};
