// Days are "YYYY-MM-DD", counted in Shanghai, as the services state them.

const DAY_MS = 86_400_000;

const dayOf = (s: string): number => Date.parse(`${s}T00:00:00Z`) / DAY_MS;

/** Calendar days from one day to another; negative when `to` lies before. */
export function daysBetween(from: string, to: string): number {
  return dayOf(to) - dayOf(from);
}

const clock = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
});

/** An instant as "YYYY-MM-DD HH:mm" on Shanghai's clock; empty for none. */
export function minute(instant: string | undefined): string {
  const t = Date.parse(instant ?? '');
  return Number.isNaN(t) ? '' : clock.format(t).slice(0, 16);
}

/** The day of an instant on Shanghai's calendar; empty for none. */
export function day(instant: string | undefined): string {
  return minute(instant).slice(0, 10);
}

/** Where a day lies between two others, 0..1; 0.5 when they coincide. */
export function share(from: string, to: string, at: string): number {
  const span = daysBetween(from, to);
  return span <= 0 ? 0.5 : Math.min(1, Math.max(0, daysBetween(from, at) / span));
}
