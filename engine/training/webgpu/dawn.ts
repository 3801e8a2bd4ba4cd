/**
 * npm's `webgpu`: Dawn, the implementation of WebGPU inside Chromium, as an addon of Node. Loads it and finds adapters in
 * this process; what a broken driver does to a process is adapters.ts's subject.
 */
import { createRequire } from 'node:module';
import { z } from 'zod';
import type { Adapter } from '../../../shared/entities.ts';
import { AppError, messageOf } from '../../../shared/errors.ts';
import { askPatiently } from './patience.ts';

const require = createRequire(import.meta.url);

interface Dawn {
  /** `options`: "key=value" each. The process lives as long as what this returns. */
  create(options: string[]): GPU;
  /** The classes and constants that a page has as globals. */
  readonly globals: object;
}

const isDawn = (module: unknown): module is Dawn =>
  typeof module === 'object' && module !== null && 'create' in module && 'globals' in module;

let loaded: Dawn | undefined;

/** Errors: engine-unavailable, where the addon is missing or does not load. */
function loadDawn(): Dawn {
  if (loaded !== undefined) return loaded;
  let module: unknown;
  try {
    module = require('webgpu');
  } catch (error) {
    throw new AppError(
      'engine-unavailable',
      `What reaches graphics cards (npm's webgpu) does not load here: ${messageOf(error).split('\n', 1)[0] ?? ''} Training runs on the processor.`,
      { cause: error },
    );
  }
  if (!isDawn(module)) throw new Error('webgpu has no exports of the known shape');
  // Classes as a page has them: tfjs asks for them by their names.
  Object.assign(globalThis, module.globals);
  askPatiently();
  loaded = module;
  return module;
}

/** Of the npm package, which is built from one revision of Dawn. */
export const dawnVersion = (): string =>
  z.object({ version: z.string() }).parse(require('webgpu/package.json')).version;

const BACKENDS: Readonly<Partial<Record<NodeJS.Platform, Adapter['backend']>>> = {
  win32: 'd3d12',
  darwin: 'metal',
};

/** What an adapter tells of itself, by the names of the standard and one of Dawn's. */
const AdapterFacts = z.object({
  device: z.string(),
  vendor: z.string(),
  architecture: z.string(),
  description: z.string(),
  isFallbackAdapter: z.boolean().default(false),
});

/** No name of an adapter. Dawn lists those that are there when it does not find the one that is asked for. */
const NOBODY = 'no adapter of this name';
const LISTED = /^ \* backend: '[^']*', name: '(.*)'$/gm;

/** What drivers are looked for by, where somebody has said so. */
const WHERE = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES'] as const;

/** A sentence for where no adapter is found. */
export function whyNoAdapter(env: NodeJS.ProcessEnv = process.env): string {
  const said = WHERE.find((name) => (env[name] ?? '') !== '');
  if (said !== undefined) {
    return `No graphics card is found. ${said} is set to "${env[said] ?? ''}", so no other driver is looked for: unset it, or name the file of a driver there.`;
  }
  return process.platform === 'linux'
    ? 'No graphics card with a Vulkan driver is found. Where there is a card, install the Vulkan driver of its maker (Debian: mesa-vulkan-drivers or nvidia-vulkan-icd, and libvulkan1).'
    : 'No graphics card is found that can compute.';
}

/** Names of the adapters of this computer, the strongest first; none twice. */
export async function adapterNames(): Promise<string[]> {
  try {
    const none = await loadDawn()
      .create([`adapter=${NOBODY}`])
      .requestAdapter();
    return none === null ? [] : [factsOf(none).device];
  } catch (error) {
    if (error instanceof AppError) throw error;
    const names = [...messageOf(error).matchAll(LISTED)].map(([, name]) => name ?? '');
    return [...new Set(names)].filter((name) => name !== '');
  }
}

const factsOf = (adapter: GPUAdapter) =>
  AdapterFacts.parse((adapter as GPUAdapter & { readonly info: unknown }).info); // newer than tfjs's types

export interface OpenAdapter {
  /** The process lives as long as this does. */
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  readonly facts: Adapter;
}

/**
 * What workgroups share is not set to zero before a kernel begins: no kernel reads there what it has not written, neither
 * Graft's nor tfjs's. Zeroing costs time in every workgroup; drivers that compile for the processor spend nine tenths of
 * compiling on it.
 */
const NO_ZEROING = 'enable-dawn-features=disable_workgroup_init';

/** The adapter of that name; null where there is none. */
export async function openAdapter(name: string): Promise<OpenAdapter | null> {
  const gpu = loadDawn().create([`adapter=${name}`, NO_ZEROING]);
  let adapter: GPUAdapter | null;
  try {
    adapter = await gpu.requestAdapter();
  } catch {
    return null;
  }
  if (adapter === null) return null;
  const { vendor, architecture, description, isFallbackAdapter } = factsOf(adapter);
  const backend = BACKENDS[process.platform] ?? 'vulkan';
  return {
    gpu,
    adapter,
    facts: {
      // As Dawn lists it, by which it is found again: its own facts have it in lower case, without spaces.
      ...{ name, maker: vendor, architecture, driver: description, backend },
      isSoftware: isFallbackAdapter,
    },
  };
}
