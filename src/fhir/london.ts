/** Civil dates of the place the services work in: Europe/London, with its summer time. */

const CIVIL = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Europe/London',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

/** The London calendar date, `YYYY-MM-DD`, of an instant (ISO text or Date). Throws RangeError for no instant. */
export function londonDate(instant: string | Date): string {
  return CIVIL.format(typeof instant === 'string' ? new Date(instant) : instant);
}

/** The instant (ISO UTC) at which a London calendar date begins: midnight UTC in winter, 23:00 the day before in summer. */
export function londonDayStart(date: string): string {
  const midnight = new Date(`${date}T00:00:00.000Z`);
  const summer = new Date(midnight.getTime() - 3_600_000);
  return (londonDate(summer) === date ? summer : midnight).toISOString();
}
