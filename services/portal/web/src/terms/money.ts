// Amounts are whole numbers of fen everywhere; people read and write 万元
// (10,000 CNY = 1,000,000 fen). Nothing here goes through floating point.

const FEN_PER_WAN = 1_000_000n;

/** Reads an amount a service stated: a number, or a string of digits. */
export function fen(v: unknown): number {
  const n = typeof v === 'string' ? Number(v) : v;
  return typeof n === 'number' && Number.isSafeInteger(n) ? n : 0;
}

/** fen → 万元 with thousands separators, at least `digits` decimals, exact. */
export function wan(amount: number, digits = 2): string {
  const n = BigInt(Math.abs(amount));
  const whole = (n / FEN_PER_WAN).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  const rest = (n % FEN_PER_WAN).toString().padStart(6, '0').replace(/0+$/, '').padEnd(digits, '0');
  return `${amount < 0 ? '−' : ''}${whole}${rest === '' ? '' : `.${rest}`}`;
}

/** fen → yuan with two decimals and thousands separators, exact. */
export function yuan(amount: number): string {
  const n = BigInt(Math.abs(amount));
  const whole = (n / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  return `${amount < 0 ? '−' : ''}${whole}.${(n % 100n).toString().padStart(2, '0')}`;
}

/**
 * 万元 as written → fen. Null for what is no amount: not a decimal number,
 * more than six decimals (below one fen), negative, or too large to be exact.
 */
export function fromWan(s: string | number | null | undefined): number | null {
  const m = /^(\d+)(?:\.(\d{1,6}))?$/.exec(String(s ?? '').trim().replaceAll(',', ''));
  if (!m) return null;
  const n = BigInt(m[1] ?? '0') * FEN_PER_WAN + BigInt((m[2] ?? '').padEnd(6, '0'));
  return n <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(n) : null;
}

/** fen → what an input for 万元 holds: no separators, no idle zeros. */
export function toWan(amount: number | null | undefined): string | null {
  if (amount === null || amount === undefined) return null;
  return wan(amount, 0).replaceAll(',', '');
}
