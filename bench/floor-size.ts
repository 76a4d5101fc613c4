/** How much the floor holds: known to the floor and to the load. */

export const FLOOR_ROWS = 20_000;
/** Rows on one page of (v). */
export const FLOOR_PAGE = 20;
export const FLOOR_PAGES = FLOOR_ROWS / FLOOR_PAGE;
