/** The checks of `npm test` still find what they are there to find: each is run on files with one mistake each. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import typescript from 'typescript-eslint';
import { describe, expect, it } from 'vitest';
import imports from '../../dependency-cruiser.config.js';
import { projectRoot } from '../../build/locations.mjs';
import { toolScript } from '../../build/tools.mjs';
import { temporaryFolder } from '../fixtures/projects.ts';

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
    expect([...broken].sort()).toEqual(
      [...new Set(imports.forbidden.map(({ name }) => name))].sort(),
    );
  });
});

const oxlintConfig = () =>
  JSON.parse(readFileSync(path.join(projectRoot, '.oxlintrc.json'), 'utf8')) as {
    rules: Record<string, unknown>;
  };

/** Names of the rules that oxlint found broken; null for a comment that switches something off. */
function brokenRules(output: string): Set<string | null> {
  const { diagnostics } = JSON.parse(output) as { diagnostics: { code?: string }[] };
  return new Set(diagnostics.map(({ code }) => code?.replace(/^.*\((.*)\)$/, '$1') ?? null));
}

describe('the lint rules', () => {
  it('that ask for types find each careless habit', async () => {
    // Its own configuration leaves these files out.
    const config = path.join(temporaryFolder(), 'oxlint.json');
    writeFileSync(config, JSON.stringify({ ...oxlintConfig(), ignorePatterns: [] }));
    const file = path.join(canary, 'engine/careless.ts');
    const args = ['--config', config, '--format', 'json', file];
    const output = await findings('oxlint', args, projectRoot);
    expect(brokenRules(output)).toEqual(
      new Set([
        null,
        'no-floating-promises',
        'no-unsafe-assignment',
        'no-unsafe-member-access',
        'switch-exhaustiveness-check',
      ]),
    );
  });

  it('that ask for types are all those of the strictest preset, in components and elsewhere', () => {
    const preset = typescript.configs.strictTypeCheckedOnly.flatMap(({ rules = {} }) =>
      Object.entries(rules).filter(
        ([name, level]) => name.startsWith('@typescript-eslint/') && level !== 'off',
      ),
    );
    const expected = preset
      .map(([name]) => name.replace('@typescript-eslint/', 'typescript/'))
      // Literals in the place of class instances: of our files, components and their states alone use classes.
      .filter((name) => name !== 'typescript/no-unsafe-class-instance-assignment');
    const { rules } = oxlintConfig();
    expect(Object.keys(rules).sort()).toEqual(
      [
        ...expected,
        'typescript/consistent-type-exports',
        'typescript/switch-exhaustiveness-check',
      ].sort(),
    );
  });

  it('find each careless habit, and no comment switches them off', async () => {
    const file = path.join(canary, 'engine/careless.ts');
    const output = await findings('eslint', ['--no-ignore', '--format', 'json', file], projectRoot);
    const [result] = JSON.parse(output) as { messages: { ruleId: string | null }[] }[];
    expect(new Set(result?.messages.map(({ ruleId }) => ruleId))).toEqual(
      new Set([
        null, // the comment that would switch a rule off
        '@typescript-eslint/no-explicit-any',
        '@typescript-eslint/ban-ts-comment',
        '@typescript-eslint/no-non-null-assertion',
        'no-console',
        'no-empty',
        'no-restricted-syntax',
      ]),
    );
  });
});
