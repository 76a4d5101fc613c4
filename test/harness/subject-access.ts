/** The workbench of requests for a record without its pages: an officer, a Guardian and a named nurse take its steps. */
import { expect } from '@jest/globals';
import { collect } from '../../src/oversight/sar/collect.ts';
import { decideItem, reviewItem } from '../../src/oversight/sar/decisions.ts';
import { readQueue, type Verdict } from '../../src/oversight/sar/queue.ts';
import { copyFile, release } from '../../src/oversight/sar/release.ts';
import { type NewRequest, openRequest, readRequest } from '../../src/oversight/sar/requests.ts';
import { type Act, nameProfessional, stepRequest } from '../../src/oversight/sar/steps.ts';
import { asPerson } from './as-person.ts';
import type { Service } from './service.ts';

export const [OFFICER, GUARDIAN, NURSE] = ['sar-1', 'cg-shah', 'sg-moira'] as const;

/** @param of number of the woman whose record is asked for when a request says nothing else */
export function workbench(service: Service, of: string) {
  const as = (id: string) => asPerson(service, id);
  const door = () => service.app.door;
  const read = async (ref: string, who: string) => readRequest(door(), await as(who), ref);

  async function act(ref: string, who: string, name: Act, words = 'Said in words, long enough') {
    const { version } = (await read(ref, GUARDIAN)).job;
    return stepRequest(door(), await as(who), { reference: ref, act: name, words, version, onDate: null });
  }

  /** A request that is collected and names the nurse. */
  async function request(more: Partial<NewRequest> = {}, keeper: string = OFFICER): Promise<string> {
    const asked: NewRequest = {
      ...{ nhsNumber: of, reason: 'A request of the tests', asker: 'self', received: '2026-01-05' },
      ...{ wantsAccesses: false, wantsVersions: false, handover: 'By hand', ...more },
    };
    const ref = await openRequest(door(), await as(keeper), asked);
    await act(ref, keeper, 'verify');
    if (asked.asker !== 'self') await act(ref, keeper, 'authority');
    const { version } = (await read(ref, GUARDIAN)).job;
    const professional = `PractitionerRole/${NURSE}`;
    await nameProfessional(door(), await as(keeper), { reference: ref, professional, version });
    expect(await collect(door(), await as(keeper), ref)).toBe(true);
    return ref;
  }

  async function queue(ref: string) {
    const rows: Awaited<ReturnType<typeof readQueue>>['rows'] = [];
    for (let after: number | null = 0; after !== null; ) {
      const page: Awaited<ReturnType<typeof readQueue>> = await readQueue(door(), await as(GUARDIAN), {
        reference: ref,
        state: null,
        after,
      });
      rows.push(...page.rows);
      after = page.next;
    }
    return rows.map(({ item, shown, hints }) => ({ ...item, hints, words: JSON.stringify(shown) }));
  }

  async function decide(ref: string, n: number, verdict: Verdict, paths: string[] = [], who: string = OFFICER) {
    const code = verdict === 'release' ? null : 'third-party';
    await decideItem(door(), await as(who), { reference: ref, n, verdict, code, paths, words: 'Said in words' });
  }

  /** Decides what is open and agrees with all of it, by another person; then the nurse gives her opinion. */
  async function settle(ref: string, who: string = OFFICER, second: string = GUARDIAN) {
    for (const item of await queue(ref)) if (item.state === 'open') await decide(ref, item.n, 'release', [], who);
    for (const { n, decision, state, by } of (await queue(ref)).map((one) => ({ ...one, by: one.role }))) {
      const review = { reference: ref, n, decision: decision ?? 0, agreed: true, words: '' };
      if (state === 'second') await reviewItem(door(), await as(by === 'caldicott-guardian' ? who : second), review);
    }
    await act(ref, NURSE, 'opinion');
  }

  const releaseNow = async (ref: string, who: string = OFFICER) =>
    release(door(), await as(who), { reference: ref, version: (await read(ref, GUARDIAN)).job.version });
  const copy = async (ref: string, kind: 'fhir' | 'pdf', who: string = OFFICER) =>
    (await copyFile(door(), await as(who), { reference: ref, kind })).bytes;
  const fhirOf = async (ref: string, who: string = OFFICER) => (await copy(ref, 'fhir', who)).toString('utf8');
  return { as, door, read, act, request, queue, decide, settle, releaseNow, copy, fhirOf };
}
