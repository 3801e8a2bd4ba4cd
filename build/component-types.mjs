/**
 * Imported before eslint's plugins: has svelte-eslint-parser hand TypeScript every component as it will be linted, so
 * that one type checker serves them all, and imported components have their types. Without it each component costs a
 * checker of its own, and imported ones take any property.
 */
process.env['SVELTE_ESLINT_PARSER_EXPERIMENTAL_TS_SYS_HOOK'] = '1';
