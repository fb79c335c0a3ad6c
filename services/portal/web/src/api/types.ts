import type { components as declaration } from './schema/declaration';
import type { components as portal } from './schema/portal';

/** T with the named fields always there, as the service promises for answers. */
type With<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
type Whole<T> = With<T, keyof T>;

export type Principal = Whole<portal['schemas']['AuthnPrincipal']>;
export type Signed = Omit<Whole<portal['schemas']['PortalSigned']>, 'principal'> & { principal: Principal };
export type Task = Omit<Whole<portal['schemas']['PortalTask']>, 'due_on'> & { due_on?: string };
export interface Inbox {
  today: string;
  items: Task[];
  unavailable: string[];
}

export type RunningClock = Omit<Whole<portal['schemas']['PortalDeadline']>, 'met_on'>;

type D = declaration['schemas'];
export type Case = D['PolicyCase'];
export type BudgetLine = Omit<D['PolicyLine'], 'person_months' | 'area_m2'> & { person_months?: number | string; area_m2?: number | string };
export type ChecklistItem = Whole<D['PolicyItem']>;
export type Finding = With<D['PolicyFinding'], 'code' | 'severity' | 'strength' | 'basis' | 'message' | 'message_en'>;
export type SheetFinding = Violation & { severity: 'error' | 'warning'; proposed_fen?: number | null };
export interface SheetReading {
  pack: string;
  sheet: string;
  lines: (BudgetLine & { row: number })[];
  findings: SheetFinding[];
  sum_fen: number;
  ready: boolean;
}
export type Note = Whole<D['PolicyNote']>;
export type TraceStep = Whole<D['PolicyTraceStep']>;
export type Decision = Omit<Whole<D['PolicyDecision']>, 'checklist' | 'findings' | 'notes' | 'trace'> & {
  checklist: ChecklistItem[];
  findings: Finding[];
  notes: Note[];
  trace: TraceStep[];
};
export type Amounts = Whole<D['DeclarationAmounts']>;
export type Attachment = Whole<D['AttachmentDocument']>;
export type Reference = Whole<D['DeclarationReference']>;
export type ProjectDeadline = With<D['Deadline'], 'obligation' | 'due_on' | 'state'>;
export type Project = Omit<
  With<D['DeclarationProject'], 'id' | 'unit' | 'version' | 'title' | 'stage' | 'case' | 'created_at' | 'updated_at' | 'content' | 'period_months'>,
  'decision' | 'attachments' | 'deadlines' | 'basis'
> & { decision?: Decision | null; attachments?: Attachment[] | null; deadlines?: ProjectDeadline[] | null; basis?: Reference[] | null };
export type DossierClock = With<D['DeclarationDossierClock'], 'id' | 'service' | 'obligation' | 'unit' | 'trigger_on' | 'due_on' | 'state' | 'basis'>;
export type Fact = Omit<Whole<D['DeclarationTimelineEntry']>, 'data'> & { data: Record<string, unknown> };
export interface Dossier {
  project: Project;
  amounts: Amounts;
  deadlines: DossierClock[];
  timeline: Fact[];
}
export interface Text {
  zh: string;
  en: string;
}
export interface Term extends Text {
  code: string;
  classes: Term[];
}
export interface Pack {
  id: string;
  version: string;
  title: Text;
  valid_from: string;
  valid_to?: string;
  in_force: boolean;
  terms: Record<string, Term[]>;
  deadlines: Record<string, Text>;
  provisions: Record<string, Text>;
}
export interface Unit {
  code: string;
  name: string;
  name_en?: string;
  kind?: string;
  parent?: string;
}
export interface Violation {
  field: string;
  code: string;
  message: string;
  message_en: string;
  basis?: string[];
}
export interface ProblemDocument {
  status: number;
  code: string;
  title: string;
  title_en: string;
  basis: string[];
  violations: Violation[];
}
