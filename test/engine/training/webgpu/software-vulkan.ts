/**
 * A graphics card for tests: SwiftShader, a Vulkan driver that computes on the processor, as Debian's chromium package and
 * others contain it. Started once a process; every test is skipped with the reason where there is none.
 */
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach } from 'vitest';
import { type Engine, startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import type { Card } from '../../../../engine/training/webgpu/card.ts';
import { AppError } from '../../../../shared/errors.ts';

const FOLDERS = ['/usr/lib/chromium', '/opt/google/chrome', '/usr/lib64/chromium-browser'];

/** Keeps a library although nothing holds it (RTLD_NODELETE of glibc). */
const STAYS = 0x1000;

/**
 * What Vulkan's loader must be told before anything asks for an adapter: the driver, and the loader itself, which lies
 * beside it where the system has none. null: there is no software driver on this computer.
 */
export function softwareVulkan(): Readonly<Record<string, string>> | null {
  const folder = FOLDERS.find((one) => existsSync(path.join(one, 'vk_swiftshader_icd.json')));
  if (folder === undefined) return null;
  return {
    VK_ICD_FILENAMES: path.join(folder, 'vk_swiftshader_icd.json'),
    // For processes that are started; this one cannot change where it looks any more.
    LD_LIBRARY_PATH: [folder, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
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

async function tryStart(): Promise<CardEngine | string> {
  const variables = softwareVulkan();
  if (variables === null) {
    return `no software Vulkan is found (vk_swiftshader_icd.json in ${FOLDERS.join(', ')}): install chromium`;
  }
  Object.assign(process.env, variables);
  bringLoader(path.dirname(variables['VK_ICD_FILENAMES'] ?? ''));
  try {
    const engine = await startEngine({ threads: 1, engine: 'webgpu' });
    if (engine.card === null) throw new Error('asked for a graphics card, got another engine');
    return { ...engine, card: engine.card };
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

/** One a process, which its test files share. */
let started: ReturnType<typeof tryStart> | undefined;

/** Call at the top of a test file. */
export async function softwareCardOrSkip(): Promise<CardEngine> {
  started ??= tryStart();
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
