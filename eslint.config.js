// Owns the lint rules for components and their states, those with types included. Those for every other file are oxlint's
// (.oxlintrc.json: the same rules by the same names, in a tenth of the time, but it reads no components). Layout is
// oxfmt's, import directions are dependency-cruiser's, unused files and exports are knip's.
import './build/component-types.mjs';
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import { defineConfig } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default defineConfig(
  {
    ignores: [
      ...['**/*', '!**/*/', '!**/*.svelte', '!**/*.svelte.ts'],
      ...['node_modules/', 'dist/', 'test-output/', '.cache/', 'test/build/fixtures/'],
    ],
  },
  // A rule is changed here, for everyone and with a reason, never switched off beside the code.
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  ...tseslint.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: globals.browser },
    rules: {
      // Types are checked together with the tests, which run in Node; the page does not.
      'no-restricted-globals': ['error', 'process', 'Buffer', 'global', 'setImmediate'],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': ['error', 'properties'],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'CallExpression[callee.object.name="Math"][callee.property.name="random"]',
          message: 'All randomness comes from shared/random.ts, so that a seed repeats a run.',
        },
      ],
      '@typescript-eslint/ban-ts-comment': [
        'error',
        { 'ts-ignore': true, 'ts-expect-error': true, 'ts-nocheck': true, 'ts-check': false },
      ],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        {
          prefer: 'type-imports',
          fixStyle: 'inline-type-imports',
          disallowTypeAnnotations: true,
        },
      ],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
    },
  },
  ...tseslint.configs.strictTypeCheckedOnly.map(({ rules = {} }) => ({
    files: ['**/*.svelte'],
    rules,
  })),
  {
    files: ['**/*.svelte'],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      // A number in a message reads the same everywhere; booleans, null and objects still have to be spelled out.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Arrow functions that only forward a call are easier to read without braces.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Typed arrays read as `number | undefined` under noUncheckedIndexedAccess, so `while (true)` parsers stay honest.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
    },
  },
  {
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      // svelte-check knows every name in a component, the ambient ones too.
      'no-undef': 'off',
      // Results live in $state.raw and are replaced, never mutated, so a plain Map or Set is what they should be.
      'svelte/prefer-svelte-reactivity': 'off',
      // Props are taken apart once; whether they change is the compiler's to know.
      'prefer-const': 'off',
      'svelte/prefer-const': ['error', { destructuring: 'all' }],
    },
  },
);
