/** The checks of `npm test` still find what they are there to find: each is run on files with one mistake each. */
import { execFile } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import js from '@eslint/js';
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

type Rules = Record<string, unknown>;

const oxlintConfig = () =>
  JSON.parse(readFileSync(path.join(projectRoot, '.oxlintrc.json'), 'utf8')) as { rules: Rules };

/** What oxlint finds in a file of the canary under the project's configuration, which leaves these files out. */
async function oxlintFindings(file: string): Promise<Set<string | undefined>> {
  const config = path.join(temporaryFolder(), 'oxlint.json');
  writeFileSync(config, JSON.stringify({ ...oxlintConfig(), ignorePatterns: [] }));
  const args = ['--config', config, '--format', 'json', path.join(canary, file)];
  const { diagnostics } = JSON.parse(await findings('oxlint', args, projectRoot)) as {
    diagnostics: { code?: string }[];
  };
  return new Set(diagnostics.map(({ code }) => code?.replace(/^.*\((.*)\)$/, '$1')));
}

describe('the type check', () => {
  it('finds a deliberate mistake for each option of the compiler', async () => {
    const found = await oxlintFindings('shared/lax.ts');
    expect([...found].filter((code) => code?.startsWith('TS')).sort()).toEqual([
      'TS1205', // isolatedModules
      'TS1294', // erasableSyntaxOnly
      'TS1484', // verbatimModuleSyntax
      'TS18046', // strict: what is caught is unknown
      'TS2322', // a plain type error; noUncheckedIndexedAccess
      'TS2345', // strict: arguments of call
      'TS2375', // exactOptionalPropertyTypes
      'TS2564', // strict: uninitialised properties
      'TS2584', // lib: no page
      'TS2593', // types: no globals of test runners
      'TS2683', // strict: this without a type
      'TS2835', // moduleResolution: no extension
      'TS4111', // noPropertyAccessFromIndexSignature
      'TS4114', // noImplicitOverride
      'TS6133', // noUnusedLocals, noUnusedParameters
      'TS7006', // strict: no implicit any
      'TS7029', // noFallthroughCasesInSwitch
    ]);
  });

  it('finds one in JavaScript', async () => {
    expect(await oxlintFindings('build/wrong.mjs')).toEqual(new Set(['TS2322']));
  });
});

describe('the type check of components', () => {
  it('looks at every file that uses one', () => {
    const config = readFileSync(
      path.join(projectRoot, 'renderer/tsconfig.components.json'),
      'utf8',
    );
    const { include } = JSON.parse(config) as { include: string[] };
    const users = globSync('{renderer,test}/**/*.ts', { cwd: projectRoot }).filter((file) =>
      /from '[^']+\.svelte'|import\('[^']+\.svelte'/.test(
        readFileSync(path.join(projectRoot, file), 'utf8'),
      ),
    );
    expect(include).toEqual([
      './**/*.svelte',
      ...users.map((file) => file.replace('renderer', '.')),
    ]);
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

describe('the lint rules', () => {
  it('find each careless habit', async () => {
    expect(await oxlintFindings('engine/careless.ts')).toEqual(
      new Set([
        'ban-ts-comment',
        'no-console',
        'no-empty',
        'no-explicit-any',
        'no-floating-promises',
        'no-non-null-assertion',
        'no-restricted-properties',
        'no-unsafe-assignment',
        'no-unsafe-member-access',
        'switch-exhaustiveness-check',
      ]),
    );
  });

  it('are all those of the strictest presets', () => {
    const presets = [
      js.configs.recommended,
      ...typescript.configs.strict,
      ...typescript.configs.strictTypeCheckedOnly,
    ];
    const preset = presets.flatMap(({ rules }) =>
      Object.entries((rules ?? {}) as Rules)
        .filter(([, level]) => level !== 'off')
        .map(([name]) => name.replace('@typescript-eslint/', '')),
    );
    const names = new Set(Object.keys(oxlintConfig().rules).map((name) => name.split('/').at(-1)));
    const missing = new Set(preset.filter((name) => !names.has(name)));
    expect([...missing].sort()).toEqual([
      'no-dupe-args', // does not parse in a module
      'no-octal', // nor does this
      'no-redeclare', // asked of JavaScript, where a type and a value of one name are no pair
      'no-undef', // asked of JavaScript too: TypeScript knows every name in its own files
      // Literals in the place of class instances: of our files, components and their states alone use classes.
      'no-unsafe-class-instance-assignment',
    ]);
  });

  it('find each careless habit in a component, those that ask for types too', async () => {
    const file = path.join(canary, 'renderer/Careless.svelte');
    const output = await findings('eslint', ['--no-ignore', '--format', 'json', file], projectRoot);
    const [result] = JSON.parse(output) as { messages: { ruleId: string | null }[] }[];
    expect(new Set(result?.messages.map(({ ruleId }) => ruleId))).toEqual(
      new Set([
        null, // the comment that would switch a rule off
        '@typescript-eslint/no-explicit-any',
        '@typescript-eslint/no-floating-promises',
        '@typescript-eslint/no-unnecessary-condition',
        '@typescript-eslint/no-unsafe-assignment',
        '@typescript-eslint/no-unsafe-member-access',
        'no-console',
        'no-restricted-syntax',
        'svelte/require-each-key',
      ]),
    );
  });

  it('are switched off by no comment', () => {
    const folders = '{shared,engine,electron,renderer,build,test}';
    const files = globSync([`${folders}/**/*.{ts,js,mjs,cjs,svelte}`, '*.{ts,js}'], {
      cwd: projectRoot,
      exclude: ['test/build/fixtures/**'],
    });
    expect(files.length).toBeGreaterThan(700);
    const directive = /(?:\/[/*]|<!--)\s*(?:eslint|oxlint)-(?:disable|enable)/;
    const switching = files.filter((file) =>
      directive.test(readFileSync(path.join(projectRoot, file), 'utf8')),
    );
    expect(switching).toEqual([]);
  });
});
