/** Ids of the server's own: 26 characters, time-ordered so that indexes grow at one end, 80 random bits. */
import { randomFillSync } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Does this id look like one of the server's own? */
export function isOwnId(id: string): boolean {
  return /^[0-9a-hjkmnp-tv-z]{26}$/.test(id);
}

/** Random bytes are drawn for many ids at once: a draw of 16 takes 15 us, most of it the way there. Each is used once. */
const drawn = Buffer.alloc(4_096);
let used = drawn.length;

function randomTail(): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  let tail = '';
  for (const end = used + 16; used < end; used += 1) tail += ALPHABET[(drawn[used] ?? 0) & 31] ?? '0';
  return tail;
}

/** A fresh resource id. `now` gives the leading 48-bit time. */
export function newId(now: Date): string {
  let time = now.getTime();
  let head = '';
  for (let i = 0; i < 10; i += 1) {
    head = (ALPHABET[time % 32] ?? '0') + head;
    time = Math.floor(time / 32);
  }
  return head + randomTail();
}
