import { expect, it } from 'vitest';
import { Problems } from '../../../renderer/state/problems.ts';
import { AppError } from '../../../shared/errors.ts';

it('makes a text of what went wrong, without the name of the user’s folder', () => {
  const problems = new Problems(() => new Date('2026-01-02T03:04:05Z'));
  const facts = { doctor: null, browser: 'a browser', home: '/home/somebody' };
  expect(problems.report(facts)).toContain('Nothing went wrong in this window.');
  problems.note(new AppError('unreadable', '/home/somebody/a.png cannot be read.'));
  problems.note(new Error('a bug'));
  const text = problems.report(facts);
  expect(text).toContain('2026-01-02T03:04:05.000Z unreadable: ~/a.png cannot be read.');
  // Of a bug, where it happened.
  expect(text).toMatch(/Error: a bug\n\s+at /);
  expect(text).not.toContain('somebody');
});

it('keeps the last ones where much goes wrong', () => {
  const problems = new Problems();
  for (let i = 0; i < 200; i++) problems.note(new AppError('internal', `number ${i}.`));
  expect(problems.count).toBe(50);
  expect(problems.report({ doctor: null, browser: '', home: null })).toContain('number 199.');
});
