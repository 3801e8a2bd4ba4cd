/** Whether a project is whole after its engine was killed or its disk was full, and holds all that was acknowledged. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openProject } from '../../../engine/db/project.ts';
import { sha256 } from '../../../engine/sha256.ts';
import type { Victim } from './kill.ts';
import { IMPORTED, LOOSE, OLD_IMAGES, PAINTED } from './projects.ts';

interface Afterwards {
  /** Strokes, objects, tables, weights and backups that were acknowledged. */
  readonly acknowledged: number;
  /** null: nothing. */
  readonly wrong: string | null;
}

const ACKNOWLEDGED = ['painted', 'objects', 'measured', 'brought in', 'backed up'] as const;

export function afterwards(path: string, victim: Victim): Afterwards {
  const acknowledged = ACKNOWLEDGED.reduce((sum, type) => sum + victim.of(type).length, 0);
  const wrong = contents(path, victim) ?? tables(path, victim) ?? backups(path, victim);
  return { acknowledged, wrong };
}

function contents(path: string, victim: Victim): string | null {
  const project = openProject(path);
  try {
    const [damage] = project.damage();
    if (damage !== undefined && damage.what !== 'the original of 1.png in "old" is gone') {
      return `not whole: ${damage.what}`;
    }
    for (const { labelMapId, sha256: painted } of victim.of('painted')) {
      const bytes = project.labelMaps.bytes(labelMapId);
      if (bytes === undefined || sha256(bytes) !== painted) {
        return `label map ${labelMapId}, which was acknowledged, is lost`;
      }
    }
    for (const { labelMapId, sha256: told } of victim.of('objects')) {
      const bytes = project.labelMaps.objects(labelMapId);
      if (bytes === undefined || sha256(bytes) !== told) {
        return `objects of label map ${labelMapId}, which were acknowledged, are lost`;
      }
    }
    for (const { encoderId, sha256: brought } of victim.of('brought in')) {
      const weights = project.encoders.importedWeights(encoderId);
      if (weights === undefined || sha256(weights) !== brought) {
        return `weights of encoder ${encoderId}, which were acknowledged, are lost`;
      }
    }
    const datasets = project.datasets.list();
    const killed = datasets.find(({ name }) => name === 'killed');
    if (victim.of('imported').length > 0 && killed === undefined) return 'an import is lost';
    if (killed !== undefined && killed.imageCount !== IMPORTED) {
      return `an import of ${killed.imageCount} of ${IMPORTED} images looks whole`;
    }
    const painted = datasets.find(({ name }) => name === 'texshapes');
    const added = (painted?.imageCount ?? PAINTED) - PAINTED;
    if (victim.of('added').length > 0 && added === 0) return 'an addition is lost';
    if (added !== 0 && added !== IMPORTED) {
      return `an addition of ${added} of ${IMPORTED} images looks whole`;
    }
    const wandering = ['loose', 'place'].map(
      (name) => datasets.find((dataset) => dataset.name === name)?.imageCount ?? 0,
    );
    if (wandering.some((count) => count !== 0 && count !== LOOSE)) {
      return `of ${LOOSE} images that go together, there are ${wandering.join(' and ')}`;
    }
    if (killed === undefined && painted !== undefined && !wandering.includes(LOOSE)) {
      return 'images that were moved are lost';
    }
    const old = datasets.find(({ name }) => name === 'old');
    if (old !== undefined && (old.imageCount !== OLD_IMAGES || old.labelledCount !== OLD_IMAGES)) {
      return `a migration lost ${OLD_IMAGES - old.imageCount} images`;
    }
    return null;
  } finally {
    project.close();
  }
}

/** Nothing changes between measurements, so whatever table there is must be that of the first. */
function tables(path: string, victim: Victim): string | null {
  const [first, ...others] = victim.of('measured');
  if (first === undefined) return null;
  if (others.some((one) => one.sha256 !== first.sha256)) return 'measurements differ';
  for (const name of readdirSync(dirname(path)).filter((one) => one.startsWith('measured-'))) {
    const table = join(dirname(path), name, 'objects.csv');
    if (existsSync(table) && sha256(readFileSync(table)) !== first.sha256) {
      return `${name}/objects.csv is there in part`;
    }
  }
  for (const { dir } of victim.of('measured')) {
    for (const name of ['objects.csv', 'images.csv']) {
      if (!existsSync(join(dir, name)))
        return `${join(dir, name)}, which was acknowledged, is lost`;
    }
  }
  return null;
}

function backups(path: string, victim: Victim): string | null {
  const folder = dirname(path);
  const names = readdirSync(folder).filter((name) => name.startsWith('case.graft.backup-'));
  for (const { path: made } of victim.of('backed up')) {
    if (!names.some((name) => join(folder, name) === made)) return `the backup ${made} is lost`;
  }
  for (const name of names) {
    if (name.endsWith('.part')) return `${name} is left beside ${path}`;
    const backup = openProject(join(folder, name), { backup: false });
    try {
      const images = backup.datasets.list()[0]?.imageCount ?? 0;
      if (images !== 10 && images !== OLD_IMAGES) return `${name} holds ${images} images`;
    } finally {
      backup.close();
    }
  }
  return null;
}
