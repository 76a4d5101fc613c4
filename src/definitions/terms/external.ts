/** Another terminology server, asked for what is not held here; who speaks to it is wired in (app.ts). */
import type { Resource } from '../../fhir/types.ts';

export type ExternalAnswer =
  | { kind: 'answer'; resource: Resource }
  /** It is there and does not know. */
  | { kind: 'unknown' }
  /** It does not answer, or not in time. */
  | { kind: 'away' };

export interface ExternalTerms {
  /**
   * Never throws. What is asked is about codes alone: nobody's name, number or words go out.
   * @param operation e.g. `CodeSystem/$lookup`
   */
  ask(operation: string, parameters: Readonly<Record<string, string>>): Promise<ExternalAnswer>;
}
