import type { components as auditexport } from './schema/auditexport';
import type { components as declaration } from './schema/declaration';
import type { components as identity } from './schema/identity';
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

type A = auditexport['schemas'];
export type LedgerRow = With<A['AuditexportRow'], Exclude<keyof A['AuditexportRow'], 'broken'>>;
export type LedgerRows = Omit<Whole<A['HttpapiRows']>, 'items' | 'cursor' | 'total'> & { items: LedgerRow[]; cursor?: string; total?: Whole<A['AuditexportTotal']> };
export type LedgerProof = With<A['AuditexportProof'], 'size' | 'leaf' | 'hashes' | 'checkpoint'>;
export type WitnessStanding = Omit<With<A['AuditexportWitnessStanding'], 'service' | 'unit' | 'rows'>, 'refusal'> & { refusal?: Whole<A['AuditexportRefusal']> };
export type Standing = Omit<Whole<A['AuditexportStanding']>, 'keys' | 'witnesses'> & { witnesses: WitnessStanding[] };
export type Verification = Omit<With<A['AuditexportVerification'], 'id' | 'state' | 'ok' | 'rows' | 'checkpoint'>, 'progress'> & { progress?: Whole<A['AuditexportProgressed']> };
export type Party = Whole<A['AuditexportPartyFrom']>;
export type ViewDeadline = Whole<A['AuditexportDeadlineFrom']>;
export type ViewDecision = With<A['AuditexportDecisionFrom'], 'type' | 'outcome' | 'basis' | 'unit' | 'actor' | 'seq' | 'at'>;
export type ViewAttachment = With<A['AuditexportAttachmentFromFact'], 'name' | 'sha256' | 'type' | 'seq' | 'at'>;
export type ProjectView = Omit<Whole<A['AuditexportProjectView']>, 'values' | 'amounts' | 'deadlines' | 'units' | 'people' | 'decisions' | 'attachments'> & {
  values: Record<string, Whole<A['AuditexportTextFrom']>>;
  amounts: Record<string, Whole<A['AuditexportFenFrom']>>;
  deadlines: ViewDeadline[];
  units: Party[];
  people: Party[];
  decisions: ViewDecision[];
  attachments: ViewAttachment[];
};
export type ViewChange = Whole<A['AuditexportViewEntry']>;
export type ViewDiff = Omit<Whole<A['AuditexportViewDiff']>, 'changes'> & { changes: ViewChange[] };

export type Evidence = With<A['RedflagEvidence'], 'seq' | 'type' | 'at' | 'actor' | 'unit' | 'project_id'> & { shows: Text };
export type FlagRule = Omit<Whole<A['RedflagRule']>, 'why' | 'figures'> & { why: Text; figures: Whole<A['RedflagFigure']>[] };
export type Flag = Omit<Whole<A['RedflagFlag']>, 'rule' | 'explanation' | 'evidence' | 'likeness' | 'withdrawn'> & {
  rule: FlagRule;
  explanation: Text;
  evidence: Evidence[];
  withdrawn?: { at: string; after_seq: number; reason: Text };
};

type Paper = With<A['AttachmentDocument'], 'name' | 'sha256' | 'size_bytes'>;
export type AuditPaper = Paper;
export type AuditAnswer = Omit<Whole<A['AuditcaseAnswer']>, 'documents' | 'signature'> & { documents: Paper[] };
export type AuditQuestion = Omit<Whole<A['AuditcaseQuestion']>, 'answer' | 'material' | 'signature'> & { material: string[] | null; answer?: AuditAnswer };
export type AuditReport = Omit<Whole<A['AuditcaseReport']>, 'documents' | 'signature'> & { documents: Paper[] };
export type AuditReview = With<A['AuditcaseReview'], 'carried_out' | 'remark' | 'reviewed_by' | 'reviewed_on'>;
export type AuditRectification = Omit<Whole<A['AuditcaseRectification']>, 'reports' | 'reviews' | 'signature'> & { reports: AuditReport[]; reviews: AuditReview[] };
export type AuditConclusion = With<A['AuditcaseConclusion'], 'outcome' | 'conclusion' | 'concluded_by' | 'concluded_on'>;
export type AuditWithholding = Omit<Whole<A['AuditcaseWithholding']>, 'signature'>;
export type AuditCase = Omit<
  With<A['AuditcaseCase'], 'id' | 'version' | 'title' | 'reason' | 'audited_unit' | 'projects' | 'flags' | 'pack' | 'serious' | 'state' | 'opened_by' | 'overdue' | 'created_at' | 'updated_at'>,
  'questions' | 'withheld' | 'rectifications' | 'papers' | 'conclusion' | 'returned' | 'deadlines'
> & {
  questions: AuditQuestion[];
  withheld: AuditWithholding[];
  rectifications: AuditRectification[];
  papers: Paper[] | null;
  conclusion?: AuditConclusion;
  returned?: { conclusion: AuditConclusion; reason: string; returned_by: string; returned_on: string }[];
  deadlines?: ProjectDeadline[] | null;
};

export type ExportProgress = Omit<Whole<A['AuditexportProgress']>, 'expires_at'> & { expires_at?: string | null };
export type Export = Omit<
  With<A['AuditexportExportStatus'], 'id' | 'state' | 'formats' | 'checkpoint_size' | 'rows' | 'first_seq' | 'last_seq' | 'bytes' | 'created_at'>,
  'progress' | 'by'
> & { by: Whole<A['BundleAuthor']>; progress?: ExportProgress };

type I = identity['schemas'];
export type PublishedKey = Whole<I['IdentityPublishedKey']>;
export type EventKey = With<I['IdentityEventKey'], 'key_id' | 'alg' | 'holder' | 'not_before' | 'not_after' | 'standing'>;
export type ServiceKey = Omit<With<I['IdentityServiceKey'], 'id' | 'state' | 'reason' | 'created_at'>, 'key'> & { key: PublishedKey };
export type HolidayRange = With<I['CalendarRange'], 'name' | 'name_en' | 'from'>;
export type HolidayNotice = Omit<Whole<I['IdentityHolidayNotice']>, 'off' | 'work'> & { off: HolidayRange[] | null; work: HolidayRange[] | null };
export interface Holidays {
  items: HolidayNotice[];
  years: Whole<I['IdentityHolidayYear']>[];
}
