/** Why terminology cannot answer; whoever serves the question makes an Outcome of it, or asks elsewhere. */
export type TermReason =
  /** A value set, code system or concept map nobody here holds. */
  | 'not-found'
  /** Held, but not listed: a fragment, a code system without its codes, a filter that is not understood. */
  | 'undecidable'
  | 'too-costly'
  /** The question itself, or a definition, makes no sense: circular, no code. */
  | 'invalid';

export class TermFault extends Error {
  readonly reason: TermReason;

  constructor(reason: TermReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export const shortened = (words: string): string => (words.length > 200 ? `${words.slice(0, 197)}...` : words);
