import { expect, it } from 'vitest';
import { createStudy } from '../../../../engine/study/planning/create.ts';
import { planData } from '../../../../engine/study/planning/plan-data.ts';
import { smallStudy } from '../../../fixtures/projects.ts';
import { projectToPlan } from './project-to-plan.ts';

it('says where questions are chosen whose answers a study with the same seeds has given', () => {
  const { project, ids } = projectToPlan();
  const encoder = { question: 'encoder', pretraining: null, labels: null } as const;
  const first = createStudy(project, smallStudy(ids));
  const said = (changes: Parameters<typeof smallStudy>[1]) =>
    planData(project, smallStudy(ids, { name: 'second', ...changes })).notes.filter((note) =>
      note.includes('after the race'),
    );
  // Nothing is known yet.
  expect(said({ primary: [encoder] })).toEqual([]);
  const run = project.runs.ofStudy(first.id).find(({ kind }) => kind === 'finetune');
  if (run === undefined) throw new Error('the study has no run');
  project.runs.setStatus(run.id, 'running');
  project.runs.setStatus(run.id, 'done');
  expect(said({ primary: [encoder] })).toEqual([
    expect.stringMatching(
      /^"small" has answered these questions .* Begin with another seed \(--first-seed 2\)/,
    ),
  ]);
  expect(said({ primary: [encoder], firstSeed: 2 })).toEqual([]);
  // The same questions again, or more of them, are no choice; fewer arms are one.
  expect(said({ primary: [] })).toEqual([]);
  const [plan] = smallStudy(ids).pretrainings;
  expect(said({ pretrainings: [{ ...plan, transfers: ['encoder'] }] })).toHaveLength(1);
  // One that asked just this beforehand may be repeated.
  const asked = createStudy(project, smallStudy(ids, { name: 'asked', primary: [encoder] }));
  for (const { id, kind } of project.runs.ofStudy(asked.id)) {
    if (kind === 'finetune') project.runs.setStatus(id, 'done');
  }
  expect(said({ primary: [encoder] })).toEqual([]);
});
