import { expect, it } from 'vitest';
import { watchHandedOver } from '../../../engine/cli/handed-over.ts';

type Listed = Awaited<ReturnType<Parameters<typeof watchHandedOver>[0]>>[number];

it('runs what other commands started meanwhile, and nothing that was interrupted before', async () => {
  const studies: { id: number; name: string; status: Listed['status'] }[] = [
    { id: 1, name: 'own', status: 'planned' },
    { id: 2, name: 'interrupted', status: 'running' },
    { id: 3, name: 'asked for', status: 'planned' },
    { id: 4, name: 'planned', status: 'planned' },
    { id: 5, name: 'asked for later', status: 'planned' },
  ];
  const become = (id: number, status: Listed['status']) => {
    for (const study of studies) if (study.id === id) study.status = status;
  };
  const runRest = await watchHandedOver(() => Promise.resolve(studies));
  become(1, 'done');
  become(3, 'running');
  const ran: string[] = [];
  await runRest(({ id, name }) => {
    ran.push(name);
    become(id, 'done');
    // Handed over while this one runs.
    if (id === 3) become(5, 'running');
    return Promise.resolve();
  });
  expect(ran).toEqual(['asked for', 'asked for later']);
});
