/** How far what a classifier proposes leans towards a class, or away from it. */

/** Steps to either side. */
export const MOST_LEANING = 6;

/** How much a vote for a class counts that is leaned to by so many steps; below 0: away from. */
export const voteWeight = (steps: number): number => 1.5 ** steps;
