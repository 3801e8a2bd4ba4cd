#!/usr/bin/env node
/** graft: everything the engine does, from a shell. Its commands are engine/cli/program.ts. */
import './preflight.ts';
import { CommanderError } from 'commander';
import { toWireError } from '../shared/errors.ts';
import { EXIT, exitCodeOf } from './cli/exit-codes.ts';
import { letOutputClose, writeErr } from './cli/output.ts';
import { createProgram } from './cli/program.ts';

letOutputClose();

try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    const wire = toWireError(error);
    // With --json the document on standard output is the error; people read standard error.
    if (process.argv.includes('--json'))
      process.stdout.write(`${JSON.stringify({ error: wire })}\n`);
    writeErr(`graft: ${wire.message}\n`);
    if (wire.code === 'internal' && error instanceof Error) {
      writeErr(`${error.stack ?? ''}\n`);
    }
    process.exitCode = exitCodeOf(wire.code);
  }
}
