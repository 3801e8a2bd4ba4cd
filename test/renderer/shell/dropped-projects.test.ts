import { expect, it } from 'vitest';
import { droppedProjects } from '../../../renderer/shell/dropped-projects.ts';

/** What is read of a list of files. */
const dropped = (...names: string[]) => ({
  files: names.map((name) => new File([], name)) as unknown as FileList,
});
const desktop = { pathOf: (file: File) => `/data/${file.name}` };

it('projects that are dropped are opened by their paths, and images are left to the view', () => {
  expect(droppedProjects(dropped('a.graft', 'b.graft'), desktop)).toEqual([
    '/data/a.graft',
    '/data/b.graft',
  ]);
  expect(droppedProjects(dropped('A.GRAFT'), desktop)).toEqual(['/data/A.GRAFT']);
  expect(droppedProjects(dropped('a.graft', 'image.png'), desktop)).toBeNull();
  expect(droppedProjects(dropped(), desktop)).toBeNull();
  expect(droppedProjects(null, desktop)).toBeNull();
});

it('a browser tells no paths', () => {
  expect(droppedProjects(dropped('a.graft'), null)).toEqual([]);
});
