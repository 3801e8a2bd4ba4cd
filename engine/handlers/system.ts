/** Calls about this machine and what Graft can do on it. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { DoctorCheck, DoctorReport, ShellInfo } from '../../shared/api.ts';
import { type EngineInfo, NetworkConfig, PRETRAINING_TASKS } from '../../shared/entities.ts';
import { engineInText } from '../../shared/engine-words.ts';
import { toWireError } from '../../shared/errors.ts';
import { PRETRAINING_TASK_FACTS } from '../../shared/pretraining-tasks.ts';
import { generators } from '../data/generators/registry.ts';
import { REPAIR } from '../installation.ts';
import { licences } from '../licences.ts';
import { isKernelsAskedFor } from '../training/tensorflow/kernels.ts';
import { whyNoOperations } from '../training/tensorflow/operations.ts';
import { processorFeatures } from '../training/tensorflow/processor.ts';
import { runTrainer } from '../trainer.ts';
import { GRAFT_VERSION } from '../version.ts';
import type { CallContext, Handlers } from './context.ts';

/** Left by build/tensorflow.mjs: what was installed, and why it is not native where it is not. */
const ENGINE_FILE = join(import.meta.dirname, '..', '..', 'node_modules', '.graft-engine.json');
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

/** Trains one step of a tiny network in a trainer process: the only proof that the engine works. */
async function tryEngine(context: CallContext): Promise<EngineInfo> {
  let info: EngineInfo | undefined;
  await runTrainer(
    {
      type: 'calibrate',
      threads: availableParallelism(),
      engine: context.engineChoice,
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
      },
    },
  );
  if (info === undefined) throw new Error('the trainer did not answer');
  return info;
}

/** A window in a browser is no problem, but whoever wonders why is told. */
export const checkOf = ({ detail, reason }: ShellInfo): DoctorCheck => ({
  name: 'window',
  ok: true,
  detail,
  remedy: reason === null ? null : `Not in Electron: ${reason}`,
});

async function doctor(context: CallContext): Promise<DoctorReport> {
  const checks: DoctorCheck[] = [];
  let engine: EngineInfo | null = null;
  const reason = installedEngineReason();
  try {
    engine = await tryEngine(context);
    const native = engine.name === 'tensorflow';
    checks.push({
      name: 'training engine',
      ok: true,
      detail: native
        ? `native ${engineInText(engine)}${isKernelsAskedFor() ? ', as TF_ENABLE_ONEDNN_OPTS asks' : ''}`
        : `portable engine (${engineInText(engine)}): training works, but slower`,
      remedy: native ? whyNoOperations() : reason,
    });
  } catch (error) {
    checks.push({
      name: 'training engine',
      ok: false,
      detail: toWireError(error).message,
      remedy: REPAIR,
    });
  }
  const memoryBytes = totalmem();
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
    graft: GRAFT_VERSION,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes,
    processorFeatures: processorFeatures(),
    engine,
    engineReason: engine?.name === 'tensorflow' ? null : reason,
    shell,
    checks,
  };
}

export const systemHandlers: Handlers<
  'system.doctor' | 'system.licences' | 'system.tasks' | 'system.generators'
> = {
  'system.doctor': (_input, context) => doctor(context),
  'system.licences': () => licences(),
  'system.tasks': () =>
    PRETRAINING_TASKS.map((task) => ({ task, ...PRETRAINING_TASK_FACTS[task] })),
  'system.generators': () => generators.map(({ name, description }) => ({ name, description })),
};
