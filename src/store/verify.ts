/**
 * Proves the audit trail or names the first broken record. Hashes are computed here with node:crypto, not by the
 * database that is being checked. Rows and seals are read in chunks by the order of the seal, so that memory stays flat
 * (verify-stretch.ts, the quick way); what does not fit there is named here.
 */
import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import type { Checkpoint } from '../audit/checkpoint.ts';
import { type Place, provenTo, ROW_TEXT, readAhead } from './verify-stretch.ts';

export interface Verification {
  ok: boolean;
  /** Sealed records read and proven. */
  rows: number;
  /** Records not yet sealed; inside the window of a second that is no fault. */
  unsealed: number;
  /** Chain hash (hex) at the end of what was proven. */
  head: string;
  firstBroken?: { seq: number; why: string };
}

export interface VerifyOptions {
  /** Known ends of the chain, from a checkpoint file. */
  checkpoints?: readonly Checkpoint[];
  /** Also compares the search columns and links with the bodies (slower). Default true. */
  links?: boolean;
  /** Records read at once. Default 2,000. */
  size?: number;
  /** Milliseconds a record may stay unsealed. Default 60,000. */
  windowMs?: number;
  /** Where the trail begins since its first segments were removed with a certificate (oversight/trail-start.ts). */
  start?: { to: number; xid: string; id: string; hash: string };
  /** Begins after this checkpoint, whose hash is then taken from it; default: at the first record. */
  after?: Checkpoint;
}

interface Line {
  seq: string | number | null;
  row_hash: Buffer | null;
  chain_hash: Buffer | null;
  xid: string;
  id: string;
  /** Null when the sealed row is gone. */
  text: string | null;
}

const CHUNK = 2_000;
const START: Place = { seq: 0, xid: '0', id: '0', hash: Buffer.alloc(32) };

/**
 * Reads the whole trail. Finds: a changed, removed or inserted record, a gap or swap in the sequence, a changed hash,
 * records left without a seal, a tail cut off before the last checkpoint, search links that do not fit.
 */
export async function verifyAudit(pool: Pool, options: VerifyOptions = {}): Promise<Verification> {
  const marks = Map.groupBy(options.checkpoints ?? [], ({ seq }) => seq);
  const { start } = options;
  let place: Place =
    start === undefined ? START : { seq: start.to, xid: start.xid, id: start.id, hash: Buffer.from(start.hash, 'hex') };
  if (options.after !== undefined && options.after.seq > place.seq) {
    const found = await placeOf(pool, options.after);
    if (typeof found === 'string') {
      const { seq, hash } = options.after;
      return { ok: false, rows: 0, unsealed: 0, head: hash, firstBroken: { seq, why: found } };
    }
    place = found;
  }
  const from = place.seq;
  const broken = (seq: number, why: string): Verification => ({
    ok: false,
    rows: seq - 1 - from,
    unsealed: 0,
    head: place.hash.toString('hex'),
    firstBroken: { seq, why },
  });
  const fits = (seq: number, hash: string) => marks.get(seq)?.every((mark) => mark.hash === hash) ?? true;
  const size = options.size ?? CHUNK;
  let ahead = readAhead(pool, place, size);
  for (;;) {
    const read = await ahead;
    const { seals } = read;
    const last = seals.at(-1);
    if (last === undefined) break;
    const [seq = '', xid = '', id = ''] = last;
    ahead = readAhead(pool, { seq: Number(seq), xid, id }, size);
    const first = place.seq;
    place = provenTo(read, place, fits);
    if (place.seq !== Number(seq)) {
      // Something does not fit: looked at again in one snapshot, which tells what.
      for (const line of await chunk(pool, place, size)) {
        const fault = check(line, place) ?? checkMark(line, marks);
        if (fault) return broken(place.seq + 1, fault);
        place = step(line, place);
      }
      ahead = readAhead(pool, place, size);
    }
    const unlinked = options.links === false ? null : await brokenLinks(pool, first, place.seq);
    if (unlinked !== null) return broken(unlinked, 'its search columns or links do not fit the record');
  }
  const cut = [...marks.keys()].find((seq) => seq > place.seq);
  if (cut !== undefined) return broken(place.seq + 1, `the trail ends here, but a checkpoint knows record ${cut}`);
  const rest = await unsealed(pool, place, options.windowMs ?? 60_000);
  if (rest.late) return broken(place.seq + 1, 'a record waits for its seal longer than the window');
  return { ok: true, rows: place.seq - from, unsealed: rest.count, head: place.hash.toString('hex') };
}

/** The place of a checkpoint in the trail, or what is wrong with it there. */
async function placeOf(pool: Pool, mark: Checkpoint): Promise<Place | string> {
  const result = await pool.query<{ xid: string; id: string; hash: Buffer }>(
    'select xid::text as xid, id::text as id, chain_hash as hash from audit_seal where seq = $1',
    [mark.seq],
  );
  const [row] = result.rows;
  if (row === undefined) return 'a checkpoint knows this record, but it is gone';
  return row.hash.toString('hex') === mark.hash ? { seq: mark.seq, ...row } : 'the chain differs from a checkpoint';
}

/** What is wrong with a line that should follow `place`, or null. */
function check(line: Line, place: Place): string | null {
  if (line.seq === null) return `an audit row without a seal stands between sealed ones (${line.xid}, ${line.id})`;
  const seq = Number(line.seq);
  if (seq !== place.seq + 1) return `the sequence jumps from ${place.seq} to ${seq}`;
  if (line.text === null) return 'the audit row is gone';
  const rowHash = createHash('sha256').update(line.text).digest();
  if (!line.row_hash || !rowHash.equals(line.row_hash)) return 'the audit row was changed after it was sealed';
  if (!line.chain_hash || !chain(place.hash, rowHash, seq).equals(line.chain_hash)) {
    return 'the chain hash does not follow from the record before';
  }
  return null;
}

function checkMark(line: Line, marks: ReadonlyMap<number, readonly Checkpoint[]>): string | null {
  const hash = line.chain_hash?.toString('hex');
  const differs = marks.get(Number(line.seq))?.some((mark) => mark.hash !== hash) ?? false;
  return differs ? 'the chain differs from a checkpoint' : null;
}

function step(line: Line, place: Place): Place {
  return { seq: Number(line.seq), xid: line.xid, id: line.id, hash: line.chain_hash ?? place.hash };
}

/** SHA-256 of the hash before, the row's hash and the sequence number as eight bytes, big endian (010-audit.sql). */
export function chain(previous: Buffer, rowHash: Buffer, seq: number): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigInt64BE(BigInt(seq));
  return createHash('sha256').update(previous).update(rowHash).update(number).digest();
}

/**
 * The next seals with their rows, and rows between them that have no seal. A seal whose row is gone comes without text.
 * The full join is over one stretch of both tables, found by their primary keys.
 */
async function chunk(pool: Pool, place: Place, size: number): Promise<Line[]> {
  const result = await pool.query<Line>({
    name: 'audit_verify_chunk',
    text: `with seals as materialized (
        select seq, xid, id, row_hash, chain_hash from audit_seal where seq > $1 order by seq limit $4
      ), last as (select xid, id from seals order by seq desc limit 1),
      rows as materialized (
        select a.xid, a.id, a.at, a.body, a.patients from audit a
        where (a.xid, a.id) > ($2::xid8, $3::bigint) and (a.xid, a.id) <= ((select xid from last), (select id from last))
      )
      select s.seq, s.row_hash, s.chain_hash, coalesce(s.xid, a.xid)::text as xid, coalesce(s.id, a.id)::text as id,
        ${ROW_TEXT} as text
      from seals s full join rows a on a.xid = s.xid and a.id = s.id
      order by coalesce(s.xid, a.xid), coalesce(s.id, a.id), s.seq`,
    values: [place.seq, place.xid, place.id, size],
  });
  return result.rows;
}

async function unsealed(pool: Pool, place: Place, windowMs: number): Promise<{ count: number; late: boolean }> {
  const result = await pool.query<{ count: string | number; late: boolean | null }>(
    `select count(*) as count,
       bool_or(at < now() - make_interval(secs => $3::float8 / 1000)
         and xid < pg_snapshot_xmin(pg_current_snapshot())) as late
     from audit where (xid, id) > ($1::xid8, $2::bigint)`,
    [place.xid, place.id, windowMs],
  );
  return { count: Number(result.rows[0]?.count ?? 0), late: result.rows[0]?.late ?? false };
}

/** The first record in (after, upTo] whose links or columns are not those of its body, or null. */
async function brokenLinks(pool: Pool, after: number, upTo: number): Promise<number | null> {
  const result = await pool.query<{ seq: string | number | null }>({
    name: 'audit_verify_links',
    text: `with expected as materialized (
        select s.seq, a.patients, audit_json_or_null(a.body) as b, s.at = a.at as same_at,
          s.interaction, s.action, s.outcome, s.purpose
        from audit_seal s join audit a on a.xid = s.xid and a.id = s.id
        where s.seq > $1 and s.seq <= $2
      ), wanted as (
        select distinct seq, audit_link_of(word) as link
        from expected cross join lateral string_to_table(audit_words(b, patients), E'\\n') as word
      ), found as (select seq, link from audit_link where seq > $1 and seq <= $2)
      select min(seq) as seq from (
        select coalesce(w.seq, f.seq) as seq from wanted w full join found f on f.seq = w.seq and f.link = w.link
        where w.seq is null or f.seq is null
        union all
        select seq from expected where not same_at or interaction <> coalesce(b ->> 'interaction', '')
          or action <> coalesce(b ->> 'action', '') or outcome <> coalesce((b ->> 'outcome')::smallint, 0)
          or purpose <> coalesce(b ->> 'purpose', '')
      ) as faults`,
    values: [after, upTo],
  });
  const seq = result.rows[0]?.seq;
  return seq === null || seq === undefined ? null : Number(seq);
}
