/** What a search is told that takes longer than the store allows. */
import { refuse } from '../fhir/outcome.ts';
import { isWithoutConnection, tooBusy } from './turns.ts';
import { isSqlState } from './write.ts';

/** @throws Outcome 400 too-costly, 503 without a connection in time */
export async function bounded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isWithoutConnection(error)) throw tooBusy();
    if (!isSqlState(error, '57014') && !isSqlState(error, '25P04')) throw error;
    throw refuse(
      400,
      'too-costly',
      'This search takes too long; narrow it, or leave out what is costly (_sort, :not, chains)',
    );
  }
}
