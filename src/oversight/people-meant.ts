/** The person or system an officer names: by name, id, or reference. Nothing about a family. */
import type { Context, Door } from '../record/types.ts';
import { peopleNamed } from '../store/models/officer-questions.ts';
import { deskEntry, onDesk } from './officer.ts';

/** At most ten, each as `PractitionerRole/..` or `Client/..`. @throws Outcome 403 for other roles */
export function peopleMeant(door: Door, context: Context, words: string): Promise<{ who: string; name: string }[]> {
  const entry = deskEntry(context, 'people-named');
  return onDesk(door, context, entry, async () => {
    const found = await peopleNamed(door.broadPool, words.replace(/^Client\//, ''));
    await door.audit.write(entry);
    const people = found.map(({ party, name }) => ({ who: party.includes('/') ? party : `Client/${party}`, name }));
    const exact = people.filter(
      ({ who }) => who === words || who === `PractitionerRole/${words}` || who === `Client/${words}`,
    );
    return exact.length === 1 ? exact : people;
  });
}
