/** The commands of graft, each with its options and help: one file a group of them beside this one. */
import { Command } from 'commander';
import { addAlikeCommand } from './alike.ts';
import { addCheckCommand } from './check.ts';
import { addCompactCommand } from './compact.ts';
import { addClassesCommand } from './classes.ts';
import { addDataCommands } from './data.ts';
import { addDemoCommand } from './demo.ts';
import { addDoctorCommand } from './doctor.ts';
import { addEncoderCommands } from './encoders.ts';
import { EXIT } from './exit-codes.ts';
import { addLabellingCommands } from './labelling.ts';
import { addImagesCommands } from './images.ts';
import { addMeasureCommand } from './measure.ts';
import { addModelCommands } from './models.ts';
import { addObjectsCommands } from './objects.ts';
import { addRelinkCommand } from './relink.ts';
import { addSampleCommand } from './sample.ts';
import { addModelsCommands } from './kept-models.ts';
import { addScribbleCommands } from './scribble.ts';
import { addServeCommand } from './serve.ts';
import { addSplitCommand } from './split.ts';
import { addRetryCommand } from './retry.ts';
import { addTrainCommand } from './train.ts';
import { addStudyCommands } from './study.ts';
import { addRunOneCommand } from './study-elsewhere.ts';
import { GRAFT_VERSION } from '../version.ts';

/** Ready to be given what stands after `graft` in a shell. */
export function createProgram(): Command {
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
  return program;
}
