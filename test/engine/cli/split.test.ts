import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it, vi } from 'vitest';
import { addSplitCommand } from '../../../engine/cli/split.ts';
import { createProject, openProject } from '../../../engine/db/project.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';

it('graft split keeps the groups of names or of a table together, and says what it was not told', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'cells.graft');
  const project = createProject(path);
  addDataset(project, 'cells', { count: 20 });
  project.close();
  const rows = Array.from({ length: 18 }, (_, i) => `${i}.png,patient ${i % 6}`);
  const patients = join(folder, 'patients.csv');
  writeFileSync(patients, ['image,group', ...rows, '99.png,patient 9'].join('\n'));
  const written: string[] = [];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const split = async (...args: string[]) => {
    const program = new Command().exitOverride();
    addSplitCommand(program);
    await program.parseAsync(['split', path, '--dataset', 'cells', ...args], { from: 'user' });
    return written.splice(0).join('');
  };
  try {
    const said = await split('--group-by', patients);
    expect(said).toMatch(/^6 groups of 18 images\n/);
    expect(said).toMatch(/2 images whose group is not told keep what they had: 18\.png, 19\.png/);
    expect(said).toMatch(/1 name of the table is no image: 99\.png/);
    await expect(split('--group-by', '{group}_*')).rejects.toThrow(/has a split "default" already/);
    await expect(split('--name', 'b', '--group-by', '{group}_*')).rejects.toThrow(
      /tells the group of no image of "cells" \(the first: 0\.png\)/,
    );
    expect(await split('--list')).toMatch(/default +\d+ +\d+ +\d+/);
    // Other groups than those that the first split keeps together.
    const others = join(folder, 'slides.csv');
    writeFileSync(
      others,
      Array.from({ length: 20 }, (_, i) => `${i}.png,slide ${i % 4}`).join('\n'),
    );
    expect(await split('--name', 'c', '--group-by', others)).toMatch(
      /the split "default", made before, separates these groups \(slide \d lies in train and/,
    );
  } finally {
    out.mockRestore();
  }
  const made = openProject(path);
  const [dataset] = made.datasets.list();
  const images = made.datasets.images(dataset?.id ?? 0);
  const [made1] = made.splits.list(dataset?.id ?? 0);
  const partOf = new Map(
    made.splits.items(made1?.id ?? 0).map((item) => [item.imageId, item.part]),
  );
  // The patients, whom the first split was made by.
  const patientOf = ({ name }: { name: string }) => Number.parseInt(name) % 6;
  const ofPatients = images.filter(({ name }) => Number.parseInt(name) < 18);
  for (const [, own] of Map.groupBy(ofPatients, patientOf)) {
    expect(new Set(own.map(({ id }) => partOf.get(id))).size).toBe(1);
  }
  made.close();
});
