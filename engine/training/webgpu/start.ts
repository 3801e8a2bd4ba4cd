/**
 * Starts the graphics card: opens the adapter, gives tfjs's WebGPU backend its device, and watches over it. One card a
 * process.
 */
import { setTimeout as delay } from 'node:timers/promises';
// tfjs-core's build for Node holds no gradients; the package around it registers them.
import '@tensorflow/tfjs';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../../shared/errors.ts';
import {
  type Card,
  type CardFeature,
  cardOutOfMemory,
  cardRefused,
  isSwitchedOff,
  lostCard,
  ON_PROCESSOR,
  tooLargeFor,
  WANTED_FEATURES,
} from './card.ts';
import { sharedInWords, useCard } from './card-users.ts';
import { correctKernels } from './corrected-kernels.ts';
import { adapterNames, dawnVersion, openAdapter, type OpenAdapter, whyNoAdapter } from './dawn.ts';
import { createLossWatch } from './loss-watch.ts';
import { registerCardKernels } from './training-kernels.ts';

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');

/** Somebody has asked for one, and may do without. */
const noCardAtAll = () =>
  new AppError('engine-unavailable', `${whyNoAdapter()} Without one, train ${ON_PROCESSOR}.`);

/**
 * The adapter of that name; null: the first that is a card, else one that computes on the processor, which only somebody
 * who asks for this engine gets. Errors: engine-unavailable.
 */
async function chooseAdapter(wanted: string | null): Promise<OpenAdapter> {
  if (isSwitchedOff()) {
    throw new AppError(
      'engine-unavailable',
      'GRAFT_WEBGPU is "off", so graphics cards are left alone. Unset it, or train on the processor.',
    );
  }
  const names = await adapterNames();
  if (names.length === 0) throw noCardAtAll();
  if (wanted !== null && !names.includes(wanted)) {
    throw new AppError(
      'engine-unavailable',
      `There is no graphics card "${wanted}" on this computer now; there is ${quoted(names)}. Put it back, or choose another one (About Graft, or --adapter). A run that was begun on it goes on with it alone: the same bits come from no other.`,
      { subject: wanted },
    );
  }
  let software: OpenAdapter | null = null;
  for (const name of wanted === null ? names : [wanted]) {
    const opened = await openAdapter(name);
    if (opened !== null && (wanted !== null || !opened.facts.isSoftware)) return opened;
    software ??= opened;
  }
  if (software !== null) return software;
  throw noCardAtAll();
}

/** A driver that has failed says within this time whether the card is lost. */
const LOSS_PATIENCE_MS = 1000;

/** All that the adapter has: what a network needs is known only when it runs. */
function deviceFor({ adapter }: OpenAdapter): Promise<GPUDevice> {
  const { limits } = adapter;
  return adapter.requestDevice({
    requiredFeatures: WANTED_FEATURES.filter((feature) =>
      adapter.features.has(feature),
    ) as Iterable<GPUFeatureName>, // newer than tfjs's types
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
      maxComputeWorkgroupSizeZ: limits.maxComputeWorkgroupSizeZ,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    },
  });
}

/** Buffers that the adapter cannot hold are refused with words, where the device would only note an error. */
function refuseTooLarge(device: GPUDevice, name: string): void {
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const isBound = (descriptor.usage & GPUBufferUsage.STORAGE) !== 0;
    const limit = isBound ? Math.min(maxBufferSize, maxStorageBufferBindingSize) : maxBufferSize;
    if (descriptor.size > limit) throw tooLargeFor(name, descriptor.size, limit);
    return create(descriptor);
  };
}

/**
 * Errors: engine-unavailable, where there is no such card, it is switched off, or its driver refuses.
 * Later, a buffer that is larger than the card takes throws invalid-input.
 */
export async function startCard(options: {
  /** Its name; null: the first. */
  readonly adapter: string | null;
  readonly log?: ((line: string) => void) | undefined;
}): Promise<Card> {
  const opened = await chooseAdapter(options.adapter);
  const { gpu, adapter, facts } = opened;
  const { name } = facts;
  if (facts.isSoftware) {
    options.log?.(
      `"${name}" is no graphics card: it computes on the processor, many times slower than TensorFlow does.`,
    );
  }
  const device = await deviceFor(opened).catch((error: unknown) => {
    throw cardRefused(name, String(error));
  });
  const use = useCard(name);
  const shared = sharedInWords(name, use.others);
  if (shared !== null) options.log?.(shared);
  let trouble: AppError | null = null;
  let isClosing = false;
  const watch = createLossWatch();
  // Said to whoever waits, and to whoever reads next.
  device.lost.then(
    ({ message }) => {
      trouble ??= lostCard(name, message);
      watch.lost(trouble);
    },
    () => undefined, // it is never refused
  );
  device.onuncapturederror = ({ error }) => {
    if (isClosing) return;
    trouble ??=
      error instanceof GPUOutOfMemoryError
        ? cardOutOfMemory(name)
        : cardRefused(name, error.message);
  };
  refuseTooLarge(device, name);
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  correctKernels();
  const backend = new WebGPUBackend(device);
  const before: unknown = tf.findBackend('webgpu');
  if (before !== null) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => backend);
  await tf.setBackend('webgpu');
  registerCardKernels();

  const assertWell = () => {
    if (trouble !== null) throw trouble;
  };
  const explained = async (error: unknown) => {
    if (trouble === null && !(error instanceof AppError)) {
      await Promise.race([device.lost, delay(LOSS_PATIENCE_MS, undefined, { ref: false })]);
    }
    return trouble ?? error;
  };
  return {
    adapter: facts,
    features: new Set(
      WANTED_FEATURES.filter((feature): feature is CardFeature => adapter.features.has(feature)),
    ),
    limits: device.limits,
    version: dawnVersion(),
    device,
    backend,
    assertWell,
    explained,
    async values(tensor) {
      assertWell();
      // A clone, so that its owner need not wait.
      const kept = tf.keep(tf.clone(tensor));
      try {
        const values = await watch.unlessLost(kept.data<'float32'>());
        assertWell();
        return Float32Array.from(values);
      } catch (error) {
        throw await explained(error);
      } finally {
        kept.dispose();
      }
    },
    close() {
      isClosing = true;
      use.end();
      if (tf.findBackend('webgpu') === backend) tf.removeBackend('webgpu');
      device.destroy();
      if (globalThis.navigator.gpu === gpu) Reflect.deleteProperty(globalThis.navigator, 'gpu');
    },
  };
}
