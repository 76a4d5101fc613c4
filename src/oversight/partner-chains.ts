/** The chains of partners' events (domain.md 4.12, 6.5) as a proof tells of them. */
import { partnerChains } from '../store/models/partner-audit.ts';
import type { Pool } from '../store/pool.ts';

/** `events` were read and are whole; `faults` name each chain that does not hold by partner and position. */
export type PartnerProof = { chains: number; events: number; faults: string[] };

export async function provePartners(pool: Pool): Promise<PartnerProof> {
  const chains = await partnerChains(pool);
  return {
    chains: chains.length,
    events: chains.reduce((sum, { whole }) => sum + whole, 0),
    faults: chains.flatMap(({ client, whole, why }) =>
      why === null ? [] : [`the chain of partner ${client} is broken at its event ${whole + 1}: ${why}`],
    ),
  };
}
