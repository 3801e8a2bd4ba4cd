/**
 * When two names of files mean one file. Systems store the same letters in different forms (é as one character, or as e
 * and an accent), and lists, masks and images come from different systems.
 */

/** Equal for names that look alike. */
export const sameName = (name: string): string => name.normalize('NFC');
