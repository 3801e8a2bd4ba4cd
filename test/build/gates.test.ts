/** The checks of `npm test` still find what they are there to find: each is run on files with one mistake each. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import imports from '../../dependency-cruiser.config.js';
import { projectRoot } from '../../build/locations.mjs';
import { toolScript } from '../../build/tools.mjs';

const run = promisify(execFile);
const canary = path.join(projectRoot, 'test/build/fixtures/canary');

/** Standard output of a tool, which ends with an error when it finds something. */
async function findings(tool: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await run(process.execPath, [toolScript(tool), ...args], { cwd })).stdout;
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) return String(error.stdout);
    throw error;
  }
}

describe('the type check', () => {
  it('finds a deliberate type error under the project configuration', async () => {
    const output = await findings('tsc', ['--noEmit', '-p', canary], projectRoot);
    expect(output).toMatch(/shared\/type-error\.ts\(1,14\): error TS2322/);
  });
});

describe('the import directions', () => {
  it('are each broken by a file that breaks them, type-only imports too', async () => {
    const config = path.join(projectRoot, 'dependency-cruiser.config.js');
    const folders = ['shared', 'engine', 'electron', 'renderer', 'build'];
    const args = ['--config', config, '--output-type', 'json', ...folders];
    const output = await findings('depcruise', args, canary);
    const report = JSON.parse(output) as {
      summary: { violations: { from: string; rule: { name: string } }[] };
    };
    const broken = new Set(report.summary.violations.map(({ rule }) => rule.name));
    expect([...broken].sort()).toEqual(imports.forbidden.map(({ name }) => name).sort());
  });
});

describe('the lint rules', () => {
  it('find each careless habit, and no comment switches them off', async () => {
    const file = path.join(canary, 'engine/careless.ts');
    const output = await findings('eslint', ['--no-ignore', '--format', 'json', file], projectRoot);
    const [result] = JSON.parse(output) as { messages: { ruleId: string | null }[] }[];
    expect(new Set(result?.messages.map(({ ruleId }) => ruleId))).toEqual(
      new Set([
        null, // the comment that would switch a rule off
        '@typescript-eslint/no-explicit-any',
        '@typescript-eslint/no-floating-promises',
        '@typescript-eslint/ban-ts-comment',
        '@typescript-eslint/no-unsafe-assignment',
        '@typescript-eslint/no-unsafe-member-access',
        '@typescript-eslint/no-non-null-assertion',
        '@typescript-eslint/switch-exhaustiveness-check',
        'no-console',
        'no-empty',
        'no-restricted-syntax',
      ]),
    );
  });
});
