#!/usr/bin/env node
/** graft: everything the engine does, from a shell. One file a group of commands in engine/cli. */
import './preflight.ts';
import { Command, CommanderError } from 'commander';
import { toWireError } from '../shared/errors.ts';
import { addAlikeCommand } from './cli/alike.ts';
import { addCheckCommand } from './cli/check.ts';
import { addCompactCommand } from './cli/compact.ts';
import { addClassesCommand } from './cli/classes.ts';
import { addDataCommands } from './cli/data.ts';
import { addDemoCommand } from './cli/demo.ts';
import { addDoctorCommand } from './cli/doctor.ts';
import { addEncoderCommands } from './cli/encoders.ts';
import { EXIT, exitCodeOf } from './cli/exit-codes.ts';
import { addLabellingCommands } from './cli/labelling.ts';
import { addImagesCommands } from './cli/images.ts';
import { addMeasureCommand } from './cli/measure.ts';
import { addModelCommands } from './cli/models.ts';
import { letOutputClose, writeErr } from './cli/output.ts';
import { addObjectsCommands } from './cli/objects.ts';
import { addRelinkCommand } from './cli/relink.ts';
import { addSampleCommand } from './cli/sample.ts';
import { addModelsCommands } from './cli/kept-models.ts';
import { addScribbleCommands } from './cli/scribble.ts';
import { addServeCommand } from './cli/serve.ts';
import { addSplitCommand } from './cli/split.ts';
import { addRetryCommand } from './cli/retry.ts';
import { addTrainCommand } from './cli/train.ts';
import { addStudyCommands } from './cli/study.ts';
import { addRunOneCommand } from './cli/study-elsewhere.ts';
import { GRAFT_VERSION } from './version.ts';

letOutputClose();

const program = new Command('graft')
  .description(
    'Label images, train segmentation networks offline, and find out which half of a pretrained network is worth transferring.',
  )
  .version(GRAFT_VERSION)
  .option(
    '--engine <engine>',
    'what trains and predicts: tensorflow, wasm (portable), webgpu (the graphics card), or auto (as GRAFT_ENGINE)',
  )
  .option(
    '--adapter <name>',
    'the graphics card that trains and predicts, by its name in graft doctor (as GRAFT_ADAPTER)',
  )
  .hook('preAction', (_, command) => {
    const { engine, adapter } = command.optsWithGlobals<{ engine?: string; adapter?: string }>();
    if (engine !== undefined) process.env['GRAFT_ENGINE'] = engine;
    if (adapter !== undefined) process.env['GRAFT_ADAPTER'] = adapter;
  })
  .showHelpAfterError('(graft --help shows what there is)')
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  graft demo --quick --out demo                      a whole study on generated data
  graft new cells.graft
  graft import cells.graft data/ --dataset cells     images and masks of any usual layout
  graft study --help                                 how to plan and run a study

Exit codes: ${EXIT.ok} done · ${EXIT.bug} a bug · ${EXIT.usage} wrong usage · ${EXIT.badInput} bad input · ${EXIT.locked} project open elsewhere ·
  ${EXIT.noEngine} no training engine · ${EXIT.partial} done, but some files or runs failed · ${EXIT.noSpace} disk full · ${EXIT.interrupted} interrupted`,
  );

addDoctorCommand(program);
addDataCommands(program);
addRelinkCommand(program);
addImagesCommands(program);
addSplitCommand(program);
addClassesCommand(program);
addCheckCommand(program);
addCompactCommand(program);
addAlikeCommand(program);
addTrainCommand(program);
addModelsCommands(program);
addModelCommands(program);
addRetryCommand(program);
addMeasureCommand(program);
addLabellingCommands(program);
addScribbleCommands(program);
addObjectsCommands(program);
addEncoderCommands(program);
addStudyCommands(program);
addRunOneCommand(program);
addServeCommand(program);
addDemoCommand(program);
addSampleCommand(program);

try {
  await program.parseAsync();
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
