/** Which mask each click refines: the one that was shown when it was made. */
import type { Prompts } from '../canvas/tools/tool.ts';

interface RefinedMask {
  /** PromptMask.mask */
  readonly mask: number;
  /** In which it was found: of another one it says nothing. */
  readonly picture: string;
}

export class RefinedMasks {
  #of = new WeakMap<Prompts, RefinedMask>();

  /**
   * Prompts have become others. `shown`: a mask that answers those before; null: none does yet, and what these were asked
   * with is gone on from. Prompts that undo brings back are asked as they were.
   */
  goOn(before: Prompts, prompts: Prompts, shown: RefinedMask | null): void {
    if (prompts.points.length <= before.points.length || this.#of.has(prompts)) return;
    const refined = shown ?? this.#of.get(before);
    if (refined !== undefined) this.#of.set(prompts, refined);
  }

  /** null: they are asked from nothing. */
  maskOf(prompts: Prompts, picture: string): number | null {
    const refined = this.#of.get(prompts);
    return refined?.picture === picture ? refined.mask : null;
  }

  /** What was answered may no longer be kept. */
  forget(): void {
    this.#of = new WeakMap();
  }
}
