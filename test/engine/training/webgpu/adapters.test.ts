import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import { findAdapters } from '../../../../engine/training/webgpu/adapters.ts';
import { temporaryFolder } from '../../../fixtures/projects.ts';
import { softwareVulkan } from './software-vulkan.ts';

/** A program in place of the one that looks for cards, which says that it ran. */
function program(body: string) {
  const folder = temporaryFolder();
  const path = join(folder, 'program.mjs');
  const ran = join(folder, 'ran');
  writeFileSync(
    path,
    `import { writeFileSync } from 'node:fs';\nwriteFileSync('${ran}', '');\n${body}`,
  );
  return { path, memory: join(folder, 'memory.json'), hasRun: () => existsSync(ran) };
}

afterEach(() => vi.unstubAllEnvs());

describe('a driver that ends the process that loads it', () => {
  // The first of this file: what is found is asked once a process.
  it('is not loaded by whoever is told to compute on the card either', async () => {
    const crashing = program('process.kill(process.pid, "SIGSEGV");');
    vi.stubEnv('GRAFT_CONFIG', dirname(crashing.memory));
    vi.stubEnv('VK_ICD_FILENAMES', '/broken/driver.json');
    const memory = join(dirname(crashing.memory), 'graphics-card.json');
    await findAdapters({ memory, program: crashing.path });
    await expect(startEngine({ threads: 1, engine: 'webgpu' })).rejects.toMatchObject({
      code: 'engine-unavailable',
      message: expect.stringMatching(
        /signal SIGSEGV.*left alone.*train on the processor/,
      ) as string,
    });
  });

  it('ends no other, is told with what to do, and is left alone until somebody asks anew', async () => {
    const crashing = program('process.kill(process.pid, "SIGSEGV");');
    const { memory } = crashing;
    const first = await findAdapters({ memory, program: crashing.path });
    expect(first.adapters).toEqual([]);
    expect(first.why).toContain('signal SIGSEGV');
    expect(first.why).toContain('Update the driver');

    const working = program('process.send({ type: "none", why: "no card" });');
    const second = await findAdapters({ memory, program: working.path });
    expect(second.why).toBe(first.why);
    expect(working.hasRun()).toBe(false);

    const again = await findAdapters({ memory, program: working.path, again: true });
    expect(again.why).toBe('no card');
    expect(existsSync(memory)).toBe(false);
  });

  it('is tried again with another driver or Graft, and where what is remembered is damaged', async () => {
    const crashing = program('process.exit(3);');
    const { memory } = crashing;
    await findAdapters({ memory, program: crashing.path });
    for (const change of [
      () => vi.stubEnv('VK_ICD_FILENAMES', '/another/driver.json'),
      () => writeFileSync(memory, readFileSync(memory).subarray(0, 10)),
    ]) {
      change();
      const working = program('process.send({ type: "none", why: "no card" });');
      expect((await findAdapters({ memory, program: working.path })).why).toBe('no card');
      await findAdapters({ memory, program: crashing.path, again: true });
    }
  });
});

describe('a driver that does not answer in time', () => {
  const slow = () => program('setTimeout(() => undefined, 60_000);');
  const patienceMs = [300, 300, 300];

  it('is asked again, and left alone only after the third time, until somebody asks anew', async () => {
    const hanging = slow();
    const { memory } = hanging;
    for (const isLate of [true, true, false]) {
      const found = await findAdapters({ memory, program: hanging.path, patienceMs });
      expect(found.adapters).toEqual([]);
      expect(found.isLate).toBe(isLate);
      expect(found.why).toContain(isLate ? 'It is asked again the next time' : 'left alone');
    }
    const working = program('process.send({ type: "none", why: "no card" });');
    const left = await findAdapters({ memory, program: working.path });
    expect(left.why).toContain('no answer within 0.3 s, 3 times');
    expect(working.hasRun()).toBe(false);
    const again = await findAdapters({ memory, program: working.path, again: true });
    expect(again.why).toBe('no card');
    expect(existsSync(memory)).toBe(false);
  });

  it('has more time the next time, and loses nothing once it has answered', async () => {
    const hanging = slow();
    const { memory } = hanging;
    await findAdapters({ memory, program: hanging.path, patienceMs });
    const working = program(
      'setTimeout(() => process.send({ type: "none", why: "no card" }), 400);',
    );
    const more = [1, 60_000];
    const found = await findAdapters({ memory, program: working.path, patienceMs: more });
    expect(found.why).toBe('no card');
    expect(existsSync(memory)).toBe(false);
  });
});

it('is not looked for where it is switched off', async () => {
  vi.stubEnv('GRAFT_WEBGPU', 'off');
  const working = program('process.send({ type: "none", why: "no card" });');
  const { why } = await findAdapters({ memory: null, program: working.path });
  expect(why).toContain('GRAFT_WEBGPU');
  expect(working.hasRun()).toBe(false);
});

describe('the drivers of this computer', () => {
  it('are listed with maker, driver, limits and features', async ({ skip }) => {
    const vulkan = softwareVulkan();
    if (vulkan === null) return skip('no software Vulkan is found: install chromium');
    for (const [name, value] of Object.entries(vulkan)) vi.stubEnv(name, value);
    const { adapters, dawn, why } = await findAdapters({ memory: null, again: true });
    expect(why).toBe(null);
    expect(dawn).toMatch(/^\d+\.\d+/);
    // By the name by which it is asked for, and resumed on; others may be there as well.
    const found = adapters.find(({ name }) => name.startsWith('SwiftShader Device'));
    expect(found).toMatchObject({ maker: 'google', isSoftware: true, backend: 'vulkan' });
    expect(found?.driver).toContain('SwiftShader');
    expect(found?.largestTensorBytes).toBeGreaterThan(2 ** 27);
  });

  it('are none where VK_ICD_FILENAMES names no driver, which is said', async () => {
    vi.stubEnv('VK_ICD_FILENAMES', '/no/such/driver.json');
    const { adapters, why } = await findAdapters({ memory: null, again: true });
    expect(adapters).toEqual([]);
    expect(why).toContain('VK_ICD_FILENAMES is set to "/no/such/driver.json"');
    expect(why).toContain('unset it');
  });
});
