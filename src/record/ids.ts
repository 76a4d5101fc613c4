/** Ids of the server's own: 26 characters, time-ordered so that indexes grow at one end, 80 random bits. */
import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Does this id look like one of the server's own? */
export function isOwnId(id: string): boolean {
  return /^[0-9a-hjkmnp-tv-z]{26}$/.test(id);
}

/** A fresh resource id. `now` gives the leading 48-bit time. */
export function newId(now: Date): string {
  let time = now.getTime();
  let head = '';
  for (let i = 0; i < 10; i += 1) {
    head = (ALPHABET[time % 32] ?? '0') + head;
    time = Math.floor(time / 32);
  }
  let tail = '';
  for (const byte of randomBytes(16)) tail += ALPHABET[byte & 31] ?? '0';
  return head + tail;
}
