/** Location.near (R4 location.html#search): positions within a distance on the WGS84 globe, here a sphere. */
import type { SearchValue } from './types.ts';

/** Mean radius in metres: the sphere errs by at most 0.6 % against the ellipsoid. */
export const EARTH_RADIUS = 6_371_008.8;
/** R4 leaves the distance to the server when none is given. */
const DEFAULT_KILOMETRES = 50;
const METRES: Record<string, number> = { km: 1000, m: 1, '[mi_i]': 1609.344, mi: 1609.344, '[mi_us]': 1609.3472187 };
const NUMBER = /^-?\d{1,9}(\.\d{1,20})?$/;

/** `latitude|longitude|distance|units`; distance and units may be left out (50, km). Null when it is no such value. */
export function searchPlace(parts: readonly string[]): (SearchValue & { kind: 'near' }) | null {
  const [latitude = '', longitude = '', distance = '', units = '', ...more] = parts;
  const metres = METRES[units === '' ? 'km' : units];
  if (more.length > 0 || metres === undefined || ![latitude, longitude].every((text) => NUMBER.test(text))) return null;
  if (distance !== '' && !(NUMBER.test(distance) && Number(distance) >= 0)) return null;
  if (Math.abs(Number(latitude)) > 90 || Math.abs(Number(longitude)) > 180) return null;
  return {
    kind: 'near',
    latitude: Number(latitude),
    longitude: Number(longitude),
    metres: (distance === '' ? DEFAULT_KILOMETRES : Number(distance)) * metres,
  };
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Length of the great circle between two positions (haversine); store/criterion-sql.ts says the same in SQL. */
export function metresBetween(
  a: { latitude: number; longitude: number },
  b: { latitude: number; longitude: number },
): number {
  const north = Math.sin(radians(b.latitude - a.latitude) / 2) ** 2;
  const east = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2;
  const h = north + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * east;
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(h)));
}
