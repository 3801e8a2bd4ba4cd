/** graft doctor: what works on this machine. */
import type { Command } from 'commander';
import { counted } from '../../shared/number-format.ts';
import { EXIT } from './exit-codes.ts';
import { withEngine } from './host.ts';
import { print } from './output.ts';

/** What decides which of TensorFlow's kernels are quick here. */
const featureWords = (features: readonly string[] | null): string =>
  features === null || features.length === 0 ? '' : `; ${features.join(', ')}`;

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'show which training engine runs here, with its version, threads and kernels, and what the window is shown in',
    )
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Examples:
  graft doctor
  graft doctor --json > doctor.json`,
    )
    .action(async (options: { json: boolean }) => {
      await withEngine({}, async (engine) => {
        const report = await engine.call('system.doctor', {});
        print(options, report, [
          `Graft ${report.graft}, Node ${report.node}, ${report.platform}`,
          `${report.cpu}, ${counted(report.cores, 'core')}${featureWords(report.processorFeatures)}`,
          ...report.checks.map(
            (check) =>
              `${check.ok ? 'ok     ' : 'PROBLEM'} ${check.name}: ${check.detail}${check.remedy === null ? '' : `\n        ${check.remedy}`}`,
          ),
        ]);
        if (report.engine === null) process.exitCode = EXIT.noEngine;
      });
    });
}
