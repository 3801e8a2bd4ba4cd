/**
 * Graphics cards for tests: Vulkan drivers that compute on the processor. SwiftShader, as Debian's chromium package and
 * others contain it, is what most tests run on; Mesa's lavapipe, where it is there and new enough for Dawn, has float16.
 * Every test is skipped with the reason where there is none.
 */
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach } from 'vitest';
import { type Engine, startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import type { Card } from '../../../../engine/training/webgpu/card.ts';
import { adapterNames, openAdapter } from '../../../../engine/training/webgpu/dawn.ts';
import { AppError } from '../../../../shared/errors.ts';
import { leaveNoNumbers } from './left-behind.ts';

const FOLDERS = ['/usr/lib/chromium', '/opt/google/chrome', '/usr/lib64/chromium-browser'];
const LAVAPIPE = ['lvp_icd.x86_64.json', 'lvp_icd.aarch64.json', 'lvp_icd.json'].map((file) =>
  path.join('/usr/share/vulkan/icd.d', file),
);

/** Drivers that were named before anything here ran. */
const named = (process.env['VK_ICD_FILENAMES'] ?? '').split(path.delimiter).filter(existsSync);

/** Keeps a library although nothing holds it (RTLD_NODELETE of glibc). */
const STAYS = 0x1000;

/**
 * What Vulkan's loader must be told before anything asks for an adapter: the drivers, and the loader itself, which lies
 * beside SwiftShader where the system has none. null: there is no SwiftShader on this computer.
 */
export function softwareVulkan(): Readonly<Record<string, string>> | null {
  const folder = FOLDERS.find((one) => existsSync(path.join(one, 'vk_swiftshader_icd.json')));
  if (folder === undefined) return null;
  const drivers = [path.join(folder, 'vk_swiftshader_icd.json'), ...LAVAPIPE.filter(existsSync)];
  return {
    VK_ICD_FILENAMES: [...new Set([...drivers, ...named])].join(path.delimiter),
    // For processes that are started; this one cannot change where it looks any more.
    LD_LIBRARY_PATH: [folder, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(path.delimiter),
  };
}

/** Whoever opens "libvulkan.so.1" in this process after that gets the one beside the driver. */
function bringLoader(folder: string): void {
  const loader = path.join(folder, 'libvulkan.so.1');
  if (!existsSync(loader)) return;
  try {
    process.dlopen({ exports: {} }, loader, os.constants.dlopen.RTLD_NOW | STAYS);
  } catch {
    // It is no addon of Node, which is said after it was loaded.
  }
}

export interface CardEngine extends Engine {
  readonly card: Card;
}

/** Names of the software drivers of this computer, and those of them that have float16; or why there are none. */
async function softwareCards(): Promise<
  { readonly all: string[]; readonly half: string[] } | string
> {
  const variables = softwareVulkan();
  if (variables === null) {
    return `no software Vulkan is found (vk_swiftshader_icd.json in ${FOLDERS.join(', ')}): install chromium`;
  }
  Object.assign(process.env, variables);
  bringLoader(path.dirname(variables['VK_ICD_FILENAMES']?.split(path.delimiter)[0] ?? ''));
  const found = { all: [] as string[], half: [] as string[] };
  for (const name of await adapterNames()) {
    const opened = await openAdapter(name);
    if (opened?.facts.isSoftware !== true) continue;
    found.all.push(name);
    if (opened.adapter.features.has('shader-f16')) found.half.push(name);
  }
  return found;
}

async function start(adapter: string): Promise<CardEngine> {
  const engine = await startEngine({ threads: 1, engine: 'webgpu', adapter });
  if (engine.card === null) throw new Error('asked for a graphics card, got another engine');
  leaveNoNumbers(engine.card.device);
  return { ...engine, card: engine.card };
}

/** Another SwiftShader, in the place of the card that this process has computed on; or why there is none. */
export async function startSoftwareCard(): Promise<CardEngine | string> {
  try {
    const found = await softwareCards();
    if (typeof found === 'string') return found;
    const name = found.all.find((one) => one.startsWith('SwiftShader'));
    return name === undefined ? 'Dawn refuses this SwiftShader' : await start(name);
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

/** One a process, which its test files share. */
let started: ReturnType<typeof startSoftwareCard> | undefined;

/** Call at the top of a test file. */
export async function softwareCardOrSkip(): Promise<CardEngine> {
  started ??= startSoftwareCard();
  const engine = await started;
  if (typeof engine !== 'string') {
    beforeEach(async () => {
      await tf.setBackend('webgpu');
    });
    return engine;
  }
  beforeEach((context) => context.skip(engine));
  // Never used: every test is skipped before it begins.
  return new Proxy<CardEngine>(Object.create(null) as CardEngine, {
    get: () => {
      throw new Error(engine);
    },
  });
}

/** A card with float16, in the place of the one that this process has computed on; or why there is none. */
export async function startHalfPrecisionCard(): Promise<CardEngine | string> {
  const found = await softwareCards();
  if (typeof found === 'string') return found;
  const [name] = found.half;
  return name === undefined
    ? `no software driver with float16 that Dawn takes (it finds ${found.all.join(', ')}): install mesa-vulkan-drivers of Mesa 23 or newer`
    : start(name);
}
