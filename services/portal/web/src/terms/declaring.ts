// A declaration between its form and the service: the form has the service's
// own field names, with amounts as people write them (万元).

import type { BudgetLine, Case, Project, Reference } from '../api/types';
import { fromWan, toWan } from './money';

/** One cost line as it is typed. */
export interface LineEntry {
  category?: string;
  class?: string;
  amount_fen?: string | null;
  base_fen?: string | null;
  person_months?: string | null;
  units?: number | null;
  area_m2?: string | null;
}

/** The case as it is typed. */
export interface CaseEntry {
  kind?: string;
  amount_fen?: string | null;
  hardware_fen?: string | null;
  pure_software?: boolean;
  om?: { first_year?: boolean; previous_amount_fen?: string | null };
  renewal_year?: number;
  renewal_unchanged?: boolean;
  xc_conformant?: boolean;
  national_crypto?: boolean;
  mlps_grade?: number;
  replaces_systems?: string[];
  public_data?: boolean;
  urban_operation?: boolean;
  dedicated_network?: boolean;
  own_machine_room?: boolean;
  own_website?: boolean;
  urgent?: boolean;
  in_use?: boolean;
  mid_year_adjustment?: boolean;
  reason?: string;
  superior_approval?: { document_no?: string; amount_fen?: string | null; conclusion?: boolean; standard?: boolean };
  budget?: (LineEntry | undefined)[];
}

/** The form of a declaration. */
export interface Entry {
  title?: string;
  content?: string;
  period_months?: number;
  basis?: (Partial<Reference> | undefined)[];
  leader?: string;
  contact?: string;
  key_annual?: boolean;
  contract_years?: number;
  system_id?: string;
  has_superior?: boolean;
  case?: CaseEntry;
}

/** Groups of questions; which of them a kind of project is asked. */
export type Group = 'hardware' | 'maintenance' | 'renewal' | 'construction' | 'superior' | 'existing' | 'assessment' | 'contract';
const ASKED: Record<string, Group[]> = {
  new_build: ['hardware', 'construction', 'superior'],
  upgrade: ['hardware', 'construction', 'superior', 'existing'],
  operation_maintenance: ['maintenance', 'renewal', 'existing', 'contract'],
  service: ['hardware', 'renewal', 'contract'],
  software_purchase: [],
  assessment_fee: ['assessment', 'existing'],
  information_publishing: ['contract'],
  office_sundries: [],
  telecom_fee: [],
};
const EVERYTHING: Group[] = ['hardware', 'maintenance', 'renewal', 'construction', 'superior', 'existing', 'assessment', 'contract'];

/** Whether a kind of project is asked a group of questions; a kind of a newer pack is asked them all. */
export function asked(kind: string | undefined, group: Group): boolean {
  return kind !== undefined && (ASKED[kind] ?? EVERYTHING).includes(group);
}

/** The further figures that a cost line of a category is checked by. */
export type Extra = 'base_fen' | 'person_months' | 'units' | 'area_m2';
const EXTRAS: Record<string, Extra[]> = {
  hardware: [], product_software: [], data_service: [], data_purchase: [], communication: [], idc_rent: [], room_building: [], contingency: [],
  software_development: ['person_months'],
  template: ['person_months', 'units', 'area_m2'],
  consulting: ['base_fen'], supervision: ['base_fen'], software_test: ['base_fen'], security_test: ['base_fen'], crypto_test: ['base_fen'],
  integration: ['base_fen'], management: ['base_fen'],
  om_hardware: ['base_fen'], om_security_device: ['base_fen'], om_product_software: ['base_fen'], om_application: ['base_fen'],
};

/** The further figures that a category has. */
export function extras(category: string | undefined): Extra[] {
  return category === undefined ? [] : (EXTRAS[category] ?? ['base_fen', 'person_months', 'units', 'area_m2']);
}

const text = (s: string | undefined): string | undefined => (s === undefined || s.trim() === '' ? undefined : s.trim());
const flag = (b: boolean | undefined): true | undefined => (b ? true : undefined);
const decimal = (s: string | number | null | undefined): number | undefined => (s === undefined || s === null || s === '' || Number.isNaN(Number(s)) ? undefined : Number(s));

function line(e: LineEntry): BudgetLine {
  const has = extras(e.category);
  return {
    category: e.category ?? '',
    class: text(e.class),
    amount_fen: fromWan(e.amount_fen) ?? 0,
    base_fen: has.includes('base_fen') ? (fromWan(e.base_fen) ?? undefined) : undefined,
    person_months: has.includes('person_months') ? decimal(e.person_months) : undefined,
    units: has.includes('units') ? (e.units ?? undefined) : undefined,
    area_m2: has.includes('area_m2') ? decimal(e.area_m2) : undefined,
  };
}

/** The case that a form stands for, or null while kind or amount is missing. */
export function caseOf(entry: Entry, known: { unit: string; unitKind: string; today: string; materials: string[]; subordinate: boolean }): Case | null {
  const c = entry.case ?? {};
  const amount = fromWan(c.amount_fen);
  if (!c.kind || amount === null || amount === 0) return null;
  const ask = (g: Group) => asked(c.kind, g);
  const budget = (c.budget ?? []).filter((l): l is LineEntry => l?.category !== undefined).map(line);
  const superior = c.superior_approval;
  return clean({
    kind: c.kind,
    title: text(entry.title),
    unit: known.unit,
    unit_kind: text(known.unitKind),
    declared_on: known.today,
    amount_fen: amount,
    hardware_fen: ask('hardware') && !c.pure_software ? (fromWan(c.hardware_fen) ?? undefined) : undefined,
    pure_software: ask('hardware') ? flag(c.pure_software) : undefined,
    om: ask('maintenance')
      ? { first_year: c.om?.first_year ?? false, previous_amount_fen: c.om?.first_year ? undefined : (fromWan(c.om?.previous_amount_fen) ?? undefined) }
      : undefined,
    renewal_year: ask('renewal') && c.renewal_year ? c.renewal_year : undefined,
    renewal_unchanged: ask('renewal') && c.renewal_year && c.renewal_unchanged === false ? false : undefined,
    xc_conformant: ask('construction') ? c.xc_conformant : undefined,
    national_crypto: ask('construction') ? c.national_crypto : undefined,
    mlps_grade: ask('construction') || ask('assessment') ? c.mlps_grade : undefined,
    replaces_systems: ask('construction') && c.replaces_systems?.length ? c.replaces_systems : undefined,
    public_data: ask('construction') ? flag(c.public_data) : undefined,
    urban_operation: ask('construction') ? flag(c.urban_operation) : undefined,
    dedicated_network: ask('construction') ? flag(c.dedicated_network) : undefined,
    own_machine_room: ask('construction') ? flag(c.own_machine_room) : undefined,
    own_website: ask('construction') ? flag(c.own_website) : undefined,
    in_use: ask('assessment') ? flag(c.in_use) : undefined,
    urgent: flag(c.urgent),
    mid_year_adjustment: flag(c.mid_year_adjustment),
    reason: text(c.reason),
    superior_approval:
      ask('superior') && entry.has_superior
        ? {
            document_no: text(superior?.document_no),
            conclusion: flag(superior?.conclusion),
            standard: flag(superior?.standard),
            amount_fen: fromWan(superior?.amount_fen) ?? undefined,
          }
        : undefined,
    subordinate: flag(known.subordinate),
    materials: known.materials.length > 0 ? known.materials : undefined,
    budget: budget.length > 0 ? budget : undefined,
  }) as Case;
}

/** Leaves out what was not said. */
function clean<T>(v: T): T {
  if (Array.isArray(v)) return v.map((x: unknown) => clean(x)) as T;
  if (typeof v !== 'object' || v === null) return v;
  return Object.fromEntries(
    Object.entries(v)
      .filter(([, x]) => x !== undefined && x !== null)
      .map(([k, x]) => [k, clean(x as unknown)]),
  ) as T;
}

/** The body of a draft. */
export function draftOf(entry: Entry, c: Case | null): Record<string, unknown> {
  const of = (g: Group) => asked(entry.case?.kind, g);
  return clean({
    title: text(entry.title) ?? '',
    content: text(entry.content) ?? '',
    period_months: entry.period_months ?? 0,
    basis: (entry.basis ?? []).filter((b) => b?.kind !== undefined || b?.text !== undefined).map((b) => ({ kind: b?.kind ?? '', text: b?.text ?? '' })),
    leader: text(entry.leader),
    contact: text(entry.contact),
    key_annual: entry.key_annual ?? undefined,
    contract_years: of('contract') ? entry.contract_years : undefined,
    system_id: of('existing') ? text(entry.system_id) : undefined,
    case: c ?? { kind: entry.case?.kind ?? '', amount_fen: 0 },
  });
}

/** The form as a stored project fills it. */
export function entryOf(p: Project): Entry {
  const c = p.case;
  return {
    title: p.title,
    content: p.content,
    period_months: p.period_months,
    basis: p.basis ?? [{}],
    leader: p.leader,
    contact: p.contact,
    key_annual: p.key_annual,
    contract_years: p.contract_years,
    system_id: p.system_id,
    has_superior: c.superior_approval !== undefined,
    case: {
      kind: c.kind,
      amount_fen: toWan(c.amount_fen),
      hardware_fen: toWan(c.hardware_fen),
      pure_software: c.pure_software,
      om: c.om ? { first_year: c.om.first_year, previous_amount_fen: toWan(c.om.previous_amount_fen) } : undefined,
      renewal_year: c.renewal_year,
      renewal_unchanged: c.renewal_unchanged ?? true,
      xc_conformant: c.xc_conformant ?? undefined,
      national_crypto: c.national_crypto ?? undefined,
      mlps_grade: c.mlps_grade ?? undefined,
      replaces_systems: Array.isArray(c.replaces_systems) ? (c.replaces_systems as string[]) : undefined,
      public_data: c.public_data,
      urban_operation: c.urban_operation,
      dedicated_network: c.dedicated_network,
      own_machine_room: c.own_machine_room,
      own_website: c.own_website,
      urgent: c.urgent,
      in_use: c.in_use,
      mid_year_adjustment: c.mid_year_adjustment,
      reason: c.reason,
      superior_approval: c.superior_approval ? { ...c.superior_approval, amount_fen: toWan(c.superior_approval.amount_fen) } : undefined,
      budget: (c.budget ?? []).map(lineEntryOf),
    },
  };
}

/** A cost line as it would have been typed. */
export function lineEntryOf(l: BudgetLine): LineEntry {
  return {
    category: l.category,
    class: l.class,
    amount_fen: toWan(l.amount_fen),
    base_fen: l.base_fen ? toWan(l.base_fen) : undefined,
    person_months: decimalText(l.person_months),
    units: l.units,
    area_m2: decimalText(l.area_m2),
  };
}

const decimalText = (v: unknown): string | undefined => (typeof v === 'number' || typeof v === 'string' ? String(v) : undefined);

/** The sum of the typed lines in fen. */
export function sumOf(lines: (LineEntry | undefined)[] | undefined): number {
  return (lines ?? []).reduce((s, l) => s + (fromWan(l?.amount_fen) ?? 0), 0);
}
