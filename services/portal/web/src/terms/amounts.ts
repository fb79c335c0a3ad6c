import type { Amounts } from '../api/types';

/** One link of the chain that an auditor follows. */
export interface Link {
  key: keyof Amounts;
  zh: string;
  en: string;
  /** 0 = not reached. */
  fen: number;
  /** Against the last link that was reached; null where there is nothing to compare. */
  change: number | null;
}

const ORDER: [keyof Amounts, string, string][] = [
  ['declared_fen', '申报', 'Declared'],
  ['evaluated_fen', '评审', 'Evaluated'],
  ['approved_fen', '批准', 'Approved'],
  ['budget_fen', '预算', 'Budget'],
  ['award_fen', '中标', 'Award'],
  ['contract_fen', '合同', 'Contract'],
  ['paid_fen', '支付', 'Paid'],
  ['final_fen', '决算', 'Final'],
];

/**
 * The chain of amounts in its order, each with its change. What has been paid
 * so far is no step of the chain: it has no change, and none is measured by it.
 */
export function chain(a: Amounts): Link[] {
  let before = 0;
  return ORDER.map(([key, zh, en]) => {
    const amount = a[key];
    if (key === 'paid_fen') return { key, zh, en, fen: amount, change: null };
    const change = amount > 0 && before > 0 ? amount - before : null;
    if (amount > 0) before = amount;
    return { key, zh, en, fen: amount, change };
  });
}
