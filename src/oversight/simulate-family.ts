/** The simulator asked by NHS number: the newest records of one kind about one person, each decided. */
import { NHS_NUMBER } from '../governance/vocabulary.ts';
import { notFound } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { word, wordPrefix } from '../search/words.ts';
import { newestOf } from '../store/models/simulated.ts';
import { deskEntry, onDesk } from './officer.ts';
import { type SimulateAsk, type Simulated, simulate } from './simulate.ts';

const SIMULATED = 5;

/** What would be decided about each of the newest records of this type. @throws Outcome as `simulate`; 404 when there is none */
export async function simulateFamily(
  door: Door,
  context: Context,
  asked: Omit<SimulateAsk, 'id'> & { nhsNumber: string },
): Promise<Simulated[]> {
  const { nhsNumber, ...question } = asked;
  const entry = deskEntry(context, `$simulate; reason: ${asked.words.slice(0, 300)}`);
  const ids = await onDesk(door, context, entry, async () => {
    const patientWord = word(wordPrefix('Patient', 'identifier'), `${NHS_NUMBER}|${nhsNumber}`);
    const found = await newestOf(door.pool, { patientWord, type: asked.type, limit: SIMULATED });
    if (found.length === 0) throw await notFound(door, entry);
    return found;
  });
  const decided: Simulated[] = [];
  for (const id of ids) decided.push(await simulate(door, context, { ...question, id }));
  return decided;
}
