/** The EDD of the present pregnancy, as the record holds it. */
import type { StoredResource } from '../../fhir/types.ts';
import { SNOMED } from '../canon.ts';
import { civilDate, gestationDays } from '../clock.ts';
import type { CarePort } from '../ports.ts';
import { EDD_CODE, eddOf, type KnownEdd } from '../pregnancy.ts';
import { textAt } from '../shape.ts';

/** Longest gestation that still belongs to the present pregnancy (44 weeks): older EDDs are of earlier ones. */
const LONGEST_DAYS = 44 * 7;

/** The EDD of the present pregnancy as recorded for a patient; undefined when there is none. */
export async function currentEdd(
  port: CarePort,
  patient: string,
): Promise<(KnownEdd & { from: StoredResource[] }) | undefined> {
  const code = `${SNOMED}|${EDD_CODE.scan},${SNOMED}|${EDD_CODE.lmp}`;
  const today = civilDate(port.now);
  const present = (await port.search('Observation', { patient, code })).filter((observation) => {
    const edd = textAt(observation, 'valueDateTime')?.slice(0, 10);
    if (edd === undefined) return false;
    const days = gestationDays(edd, today);
    return days >= 0 && days <= LONGEST_DAYS;
  });
  const known = eddOf(present);
  if (known === undefined) return undefined;
  return { ...known, from: present.filter((one) => textAt(one, 'valueDateTime')?.slice(0, 10) === known.edd) };
}
