/** What the built-in sign-in provider keeps of sign-ins under way, for every process on the database. */
import type { Pool } from './pool.ts';

export interface SignInState {
  /** JSON as it was put, and whether it was used up; undefined when there is none (any more). */
  find(kind: string, id: string): Promise<{ payload: string; consumed: boolean } | undefined>;
  /** `seconds` it is kept for; `grant` names what goes together. */
  put(kind: string, id: string, kept: { payload: string; grant: string | null; seconds: number }): Promise<void>;
  /** Uses it up; false when it is gone or was used up before: of two at once, one wins. */
  consume(kind: string, id: string): Promise<boolean>;
  remove(kind: string, id: string): Promise<void>;
  removeGrant(grant: string): Promise<void>;
}

/** Over a pool of the service's role. */
export function signInState(pool: Pool): SignInState {
  return {
    find: async (kind, id) => {
      const { rows } = await pool.query<{ payload: string; consumed: boolean }>(
        'select payload, consumed from sign_in_state where kind = $1 and id = $2 and until_at > now()',
        [kind, id],
      );
      return rows[0];
    },
    put: async (kind, id, { payload, grant, seconds }) => {
      await pool.query(
        `insert into sign_in_state (kind, id, grant_id, payload, until_at)
          values ($1, $2, $3, $4, now() + make_interval(secs => $5))
          on conflict (kind, id) do update set payload = excluded.payload, until_at = excluded.until_at`,
        [kind, id, grant, payload, seconds],
      );
    },
    consume: async (kind, id) => {
      const text = 'update sign_in_state set consumed = true where kind = $1 and id = $2 and not consumed';
      return (await pool.query(text, [kind, id])).rowCount === 1;
    },
    remove: async (kind, id) => {
      await pool.query('delete from sign_in_state where kind = $1 and id = $2', [kind, id]);
    },
    removeGrant: async (grant) => {
      await pool.query('delete from sign_in_state where grant_id = $1', [grant]);
    },
  };
}
