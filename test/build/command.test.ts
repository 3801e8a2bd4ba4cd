import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { capture, endingChildren, foregroundUnlessSilent } from '../../build/command.mjs';
import { projectRoot } from '../../build/locations.mjs';

const node = process.execPath;

describe('a captured program', () => {
  it('keeps standard output apart from everything that was printed', async () => {
    const script = 'console.log("out"); console.error("err"); process.exitCode = 3';
    const { ok, stdout, output } = await capture(node, ['-e', script]);
    expect(ok).toBe(false);
    expect(stdout).toBe('out\n');
    expect(output).toContain('err\n');
  });

  it('that does not exist is an outcome, not an exception', async () => {
    const { ok, output } = await capture('no-such-program-anywhere', []);
    expect(ok).toBe(false);
    expect(output).toContain('ENOENT');
  });

  it('is ended when it takes too long', async () => {
    const { ok, output } = await capture(node, ['-e', 'setInterval(() => {}, 1000)'], {
      timeoutMs: 200,
    });
    expect(ok).toBe(false);
    expect(output).toContain('was ended after 0.2 s');
  });
});

describe('work that ends its programs', () => {
  const endless = ['-e', 'setInterval(() => {}, 1000)'];
  const fails = async () => {
    await capture(node, ['-e', '']);
    throw new Error('no network');
  };

  it('fails as a whole, and is told no outcome of programs that were ended', async () => {
    const told: unknown[] = [];
    const gates: Promise<unknown>[] = [];
    const runGates = async () => {
      for (let i = 0; i < 3; i++) told.push(await capture(node, endless));
    };
    const work = endingChildren(() => {
      gates.push(runGates());
      return Promise.all([fails(), ...gates]);
    });
    await expect(work).rejects.toThrow('no network');
    // Those that go on without knowing fail with it, instead of starting the next.
    await expect(gates[0]).rejects.toThrow('no network');
    expect(told).toEqual([]);
  });

  it('leaves alone what other work has started', async () => {
    const sibling = endingChildren(() =>
      capture(node, ['-e', 'console.log("up"); setTimeout(() => {}, 500)']),
    );
    await expect(endingChildren(fails)).rejects.toThrow('no network');
    expect(await sibling).toMatchObject({ ok: true, stdout: 'up\n' });
  });

  it('ends the programs of work inside it as well', async () => {
    const inner: Promise<unknown>[] = [];
    const work = endingChildren(() => {
      inner.push(endingChildren(() => capture(node, endless)));
      return Promise.all([fails(), ...inner]);
    });
    await expect(work).rejects.toThrow('no network');
    await expect(inner[0]).rejects.toThrow('no network');
  });
});

/** Runs a script in the foreground of a process of its own, as build/graft.mjs does. */
function inForeground(script: string) {
  const command = path.join(projectRoot, 'build', 'command.mjs');
  const wrapper = `
    import { foreground } from ${JSON.stringify(`file://${command}`)};
    process.exitCode = await foreground(process.execPath, ['-e', ${JSON.stringify(script)}]);`;
  return spawn(node, ['--input-type=module', '-e', wrapper], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** Runs a script in the foreground for as long as it tells something every four seconds. */
function unlessSilent(script: string) {
  const told: unknown[] = [];
  const options = {
    silenceMs: 4000,
    hushed: /^greeting/,
    onMessage: (message: unknown) => told.push(message),
  };
  return { told, ended: foregroundUnlessSilent(node, ['-e', script], options) };
}

describe('a program that says that it is getting on', () => {
  // Both wait, so they wait together.
  it.concurrent('may take longer than it may be silent', async () => {
    const { told, ended } = unlessSilent(`
      let count = 0;
      const timer = setInterval(() => {
        process.send({ step: ++count });
        if (count === 5) { clearInterval(timer); process.disconnect(); process.exitCode = 4; }
      }, 900);`);
    expect(await ended).toBe(4);
    expect(told).toEqual([1, 2, 3, 4, 5].map((step) => ({ step })));
  });

  it.concurrent('is ended when it says nothing any more', async () => {
    const { ended } = unlessSilent('setInterval(() => {}, 1000)');
    expect(await ended).toBe('silent');
  });

  it('is heard on standard error, but for the lines that are no news', async () => {
    const heard: string[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      heard.push(String(text));
      return true;
    });
    onTestFinished(() => write.mockRestore());
    await unlessSilent('console.error("one\\ngreeting of a library\\ntwo")').ended;
    await expect.poll(() => heard).toEqual(['one\n', 'two\n']);
  });
});

describe('a program in the foreground', () => {
  it('decides the exit code', async () => {
    const [code] = (await once(inForeground('process.exit(6)'), 'exit')) as [number | null];
    expect(code).toBe(6);
  });

  it('gets the signals, and may take its time to end', async () => {
    const child = inForeground(`
      process.on('SIGTERM', () => setTimeout(() => process.exit(9), 200));
      console.log('up');
      setInterval(() => {}, 1000);`);
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(9);
  });

  it('that a signal ended gives 128 and the number of the signal, as in a shell', async () => {
    const child = inForeground('process.kill(process.pid, "SIGKILL")');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(137);
  });
});
