/** The CapabilityStatement's text: made once, and again when other definitions are in effect. */
import type { Definitions } from '../definitions/types.ts';

export function metadataOf(definitions: Definitions, make: () => string): () => string {
  let made: { version: string; text: string } | null = null;
  return () => {
    if (made?.version !== definitions.version) made = { version: definitions.version, text: make() };
    return made.text;
  };
}
