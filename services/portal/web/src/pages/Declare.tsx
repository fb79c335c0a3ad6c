import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Checkbox, Form, Input, InputNumber, Radio, Select, Upload } from 'antd';
import type { FormInstance } from 'antd';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { asProblem, ask, at, newKey } from '../api/client';
import type { Answer } from '../api/client';
import { useLabels } from '../api/labels';
import { useDecision, useProject, useRefresh } from '../api/queries';
import { useSigned } from '../api/session';
import type { Attachment, Case, Decision, Finding, Project, Violation } from '../api/types';
import { useLanguage } from '../i18n/language';
import type { TextKey } from '../i18n/texts';
import { asked, caseOf, draftOf, entryOf, extras, lineEntryOf, sumOf } from '../terms/declaring';
import type { Entry, LineEntry } from '../terms/declaring';
import { fromWan, wan } from '../terms/money';
import { BASES, GATES } from '../terms/names';
import { place, spoken } from '../terms/violations';
import type { Path } from '../terms/violations';
import { useAmountRule } from '../ui/ActForm';
import { BudgetSheet } from '../ui/BudgetSheet';
import { Loading, Nothing, PageHead, ProblemView, Provisions } from '../ui/Bits';
import { DecisionView, FindingView } from '../ui/DecisionView';
import { DeleteOutlined, PlusOutlined, UploadOutlined } from '../ui/icons';
import { Loaded } from '../ui/Loaded';
import { useSay } from '../ui/say';

// How long typing pauses before the rules are asked again.
const PAUSE_MS = 350;
const GRADES = [0, 1, 2, 3, 4];

function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  const said = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(said) as T), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return settled;
}

function Section({ n, title, children }: { n: number; title: string; children: ReactNode }) {
  return (
    <section className="panel form-section" aria-label={title}>
      <h2>
        <span className="form-n" aria-hidden>
          {n}
        </span>
        {title}
      </h2>
      {children}
    </section>
  );
}

function Money({ name, label, required }: { name: Path; label: string; required?: boolean }) {
  const { t } = useLanguage();
  const amount = useAmountRule();
  return (
    <Form.Item name={name} label={label} rules={[...(required ? [{ required: true, message: t('required') }] : []), amount]}>
      <InputNumber<string> stringMode controls={false} suffix={t('wan')} className="wide" inputMode="decimal" />
    </Form.Item>
  );
}

/** A statement that may be left unsaid: unsaid is not the same as no. */
function Stated({ name, label }: { name: Path; label: string }) {
  const { t } = useLanguage();
  return (
    <Form.Item name={name} label={label}>
      <Select
        allowClear
        placeholder={t('unsaid')}
        options={[
          { value: true, label: t('yes') },
          { value: false, label: t('no') },
        ]}
      />
    </Form.Item>
  );
}

function Basics() {
  const { t, pick } = useLanguage();
  const rules = [{ required: true, whitespace: true, message: t('required') }];
  return (
    <Section n={1} title={t('declareBasics')}>
      <Form.Item name="title" label={t('projectsTitle')} rules={rules}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="content" label={t('fContent')} rules={rules}>
        <Input.TextArea rows={3} classNames={{ textarea: 'grows' }} maxLength={20000} />
      </Form.Item>
      <Form.List name="basis">
        {(entries, { add, remove }) => (
          <Form.Item label={t('fBasis')} required>
            {entries.map((e) => (
              <div key={e.key} className="row">
                <Form.Item name={[e.name, 'kind']} rules={[{ required: true, message: t('required') }]} className="basis-kind">
                  <Select aria-label={t('basisKind')} placeholder={t('basisKind')} options={Object.entries(BASES).map(([value, label]) => ({ value, label: pick(label) }))} />
                </Form.Item>
                <Form.Item name={[e.name, 'text']} rules={rules} className="grow">
                  <Input aria-label={t('basisText')} placeholder={t('basisText')} maxLength={500} />
                </Form.Item>
                {entries.length > 1 && <Button type="text" icon={<DeleteOutlined />} aria-label={t('remove')} onClick={() => remove(e.name)} />}
              </div>
            ))}
            <Button type="link" icon={<PlusOutlined />} onClick={() => add({})} className="flush">
              {t('basisAdd')}
            </Button>
          </Form.Item>
        )}
      </Form.List>
      <div className="grid">
        <Form.Item name="period_months" label={`${t('fPeriod')}（${t('fMonths', { n: '' }).trim()}）`} rules={[{ required: true, message: t('required') }]}>
          <InputNumber min={1} max={120} precision={0} controls={false} className="wide" />
        </Form.Item>
        <Form.Item name="leader" label={t('fLeader')}>
          <Input maxLength={50} />
        </Form.Item>
        <Form.Item name="contact" label={t('fContact')}>
          <Input maxLength={100} />
        </Form.Item>
      </div>
      <Form.Item name="key_annual" valuePropName="checked" noStyle>
        <Checkbox>{t('fKeyAnnual')}</Checkbox>
      </Form.Item>
    </Section>
  );
}

function Kind({ entry }: { entry: Entry }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const c = entry.case ?? {};
  const is = (g: Parameters<typeof asked>[1]) => asked(c.kind, g);
  return (
    <Section n={2} title={t('declareClass')}>
      <div className="grid">
        <Form.Item name={['case', 'kind']} label={t('declareKind')} rules={[{ required: true, message: t('required') }]}>
          <Select options={labels.terms('kinds').map((k) => ({ value: k.code, label: pick(k) }))} />
        </Form.Item>
        <Money name={['case', 'amount_fen']} label={t('declareAmount')} required />
        {is('hardware') && !c.pure_software && <Money name={['case', 'hardware_fen']} label={t('declareHardware')} />}
        {is('contract') && (
          <Form.Item name="contract_years" label={t('declareContractYears')}>
            <InputNumber min={0} max={3} precision={0} controls={false} className="wide" />
          </Form.Item>
        )}
        {is('existing') && (
          <Form.Item name="system_id" label={t('declareSystem')}>
            <Input />
          </Form.Item>
        )}
        {is('maintenance') && (
          <>
            <Form.Item name={['case', 'om', 'first_year']} label={t('declareOMFirst')} rules={[{ required: true, message: t('required') }]}>
              <Radio.Group
                aria-label={t('declareOMFirst')}
                options={[
                  { value: true, label: t('yes') },
                  { value: false, label: t('no') },
                ]}
              />
            </Form.Item>
            {c.om?.first_year === false && <Money name={['case', 'om', 'previous_amount_fen']} label={t('declareOMPrevious')} required />}
          </>
        )}
        {is('renewal') && (
          <>
            <Form.Item name={['case', 'renewal_year']} label={t('declareRenewal')}>
              <Select
                options={[
                  { value: 0, label: t('declareRenewalNo') },
                  { value: 2, label: t('declareRenewalYear', { n: 2 }) },
                  { value: 3, label: t('declareRenewalYear', { n: 3 }) },
                ]}
              />
            </Form.Item>
            {(c.renewal_year ?? 0) > 0 && <Stated name={['case', 'renewal_unchanged']} label={t('declareUnchanged')} />}
          </>
        )}
      </div>
      {is('hardware') && (
        <Form.Item name={['case', 'pure_software']} valuePropName="checked">
          <Checkbox>{t('declarePure')}</Checkbox>
        </Form.Item>
      )}
    </Section>
  );
}

const FLAGS: [string, TextKey][] = [
  ['public_data', 'declarePublicData'],
  ['urban_operation', 'declareUrban'],
  ['dedicated_network', 'declareNetwork'],
  ['own_machine_room', 'declareRoom'],
  ['own_website', 'declareSite'],
];

function Situation({ entry }: { entry: Entry }) {
  const { t } = useLanguage();
  const c = entry.case ?? {};
  const construction = asked(c.kind, 'construction');
  const check = (name: Path, label: string) => (
    <Form.Item key={String(name.at(-1))} name={name} valuePropName="checked" noStyle>
      <Checkbox>{label}</Checkbox>
    </Form.Item>
  );
  return (
    <Section n={3} title={t('declareSituation')}>
      {(construction || asked(c.kind, 'assessment')) && (
        <div className="grid">
          {construction && <Stated name={['case', 'xc_conformant']} label={t('declareXC')} />}
          {construction && <Stated name={['case', 'national_crypto']} label={t('declareCrypto')} />}
          <Form.Item name={['case', 'mlps_grade']} label={t('declareGrade')}>
            <Select allowClear placeholder={t('unsaid')} options={GRADES.map((g) => ({ value: g, label: g === 0 ? t('declareGradeNone') : t('declareGradeN', { n: g }) }))} />
          </Form.Item>
        </div>
      )}
      {construction && (
        <Form.Item name={['case', 'replaces_systems']} label={t('declareReplaces')}>
          <Select mode="tags" open={false} suffix={null} placeholder={t('declareReplacesHint')} tokenSeparators={['、', ',', '，', ';', '；']} />
        </Form.Item>
      )}
      <div className="checks">
        {construction && FLAGS.map(([name, label]) => check(['case', name], t(label)))}
        {asked(c.kind, 'assessment') && check(['case', 'in_use'], t('declareInUse'))}
        {check(['case', 'urgent'], t('declareUrgent'))}
        {check(['case', 'mid_year_adjustment'], t('declareMidYear'))}
        {asked(c.kind, 'superior') && check(['has_superior'], t('declareSuperior'))}
      </div>
      {asked(c.kind, 'superior') && entry.has_superior && (
        <fieldset className="group">
          <legend>{t('declareSuperior')}</legend>
          <div className="grid">
            <Form.Item name={['case', 'superior_approval', 'document_no']} label={t('declareSuperiorNo')}>
              <Input />
            </Form.Item>
            <Money name={['case', 'superior_approval', 'amount_fen']} label={t('declareSuperiorAmount')} />
          </div>
          <div className="checks">
            {check(['case', 'superior_approval', 'conclusion'], t('declareSuperiorConclusion'))}
            {check(['case', 'superior_approval', 'standard'], t('declareSuperiorStandard'))}
          </div>
        </fieldset>
      )}
      {[c.mid_year_adjustment, c.urgent, c.reason, asked(c.kind, 'maintenance')].some(Boolean) && (
        <Form.Item name={['case', 'reason']} label={t('declareReason')} className="above">
          <Input.TextArea rows={2} classNames={{ textarea: 'grows' }} />
        </Form.Item>
      )}
      <Alert type="info" role="note" showIcon title={t('declareClassified')} className="above" />
    </Section>
  );
}

function Line({ name, entry, findings, onRemove }: { name: number; entry: LineEntry | undefined; findings: Finding[]; onRemove: () => void }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const amount = useAmountRule();
  const category = labels.terms('categories').find((c) => c.code === entry?.category);
  const has = extras(entry?.category);
  const money = (field: string, label: string, required?: boolean) => (
    <Form.Item name={[name, field]} label={label} rules={[...(required ? [{ required: true, message: t('required') }] : []), amount]} className="line-money">
      <InputNumber<string> stringMode controls={false} className="wide" inputMode="decimal" />
    </Form.Item>
  );
  return (
    <li className="line">
      <div className="line-fields">
        <span className="line-n num" aria-hidden>
          {name + 1}
        </span>
        <Form.Item name={[name, 'category']} label={t('declareCategory')} rules={[{ required: true, message: t('required') }]} className="line-category">
          <Select showSearch={{ optionFilterProp: 'label' }} options={labels.terms('categories').map((c) => ({ value: c.code, label: pick(c) }))} />
        </Form.Item>
        {category && category.classes.length > 0 && (
          <Form.Item name={[name, 'class']} label={t('declareClassOf')} className="line-class">
            <Select options={category.classes.map((c) => ({ value: c.code, label: pick(c) }))} />
          </Form.Item>
        )}
        {money('amount_fen', t('declareLineAmount'), true)}
        {has.includes('base_fen') && money('base_fen', t('declareLineBase'))}
        {has.includes('person_months') && (
          <Form.Item name={[name, 'person_months']} label={t('declareLineMonths')} className="line-small">
            <InputNumber<string> stringMode min="0" controls={false} className="wide" />
          </Form.Item>
        )}
        {has.includes('units') && (
          <Form.Item name={[name, 'units']} label={t('declareLineUnits')} className="line-small">
            <InputNumber min={0} precision={0} controls={false} className="wide" />
          </Form.Item>
        )}
        {has.includes('area_m2') && (
          <Form.Item name={[name, 'area_m2']} label={t('declareLineArea')} className="line-small">
            <InputNumber<string> stringMode min="0" controls={false} className="wide" />
          </Form.Item>
        )}
        <Button type="text" icon={<DeleteOutlined />} aria-label={`${t('remove')} ${name + 1}`} onClick={onRemove} className="line-remove" />
      </div>
      {findings.map((f, i) => (
        <FindingView key={i} finding={f} />
      ))}
    </li>
  );
}

function Budget({ id, entry, decision }: { id: string | undefined; entry: Entry; decision: Decision | undefined }) {
  const { t } = useLanguage();
  const form = Form.useFormInstance<Entry>();
  const lines = entry.case?.budget ?? [];
  const sum = sumOf(lines);
  const total = fromWan(entry.case?.amount_fen) ?? 0;
  return (
    <Section n={4} title={t('declareBudget')}>
      <BudgetSheet id={id} amountFen={total} onLines={(read) => form.setFieldValue(['case', 'budget'], read.map(lineEntryOf))} />
      <Form.List name={['case', 'budget']}>
        {(entries, { add, remove }) => (
          <>
            {entries.length === 0 && <p className="quiet">{t('declareBudgetEmpty')}</p>}
            <ol className="lines">
              {entries.map((e) => (
                <Line key={e.key} name={e.name} entry={lines[e.name]} findings={(decision?.findings ?? []).filter((f) => f.line === e.name)} onRemove={() => remove(e.name)} />
              ))}
            </ol>
            <div className="line-foot">
              <Button type="dashed" icon={<PlusOutlined />} onClick={() => add({})}>
                {t('declareLineAdd')}
              </Button>
              {entries.length > 0 && (
                <span className="num">
                  {t('declareLineSum', { sum: wan(sum) })}
                  {total > 0 && sum !== total && <span className="warn">，{t('declareLineOff', { diff: wan(Math.abs(total - sum)) })}</span>}
                </span>
              )}
            </div>
          </>
        )}
      </Form.List>
    </Section>
  );
}

function Materials({ id, attachments, decision, onAttached }: { id: string | undefined; attachments: Attachment[]; decision: Decision | undefined; onAttached: () => void }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const say = useSay();
  const [failed, setFailed] = useState<unknown>(null);
  const attach = useMutation({
    mutationFn: ({ item, file }: { item: string; file: File }) =>
      ask<Attachment>(at('declaration', `/v1/projects/${id ?? ''}/attachments`, { item, name: file.name }), { method: 'POST', file }),
    onSuccess: (a) => {
      setFailed(null);
      say.done(a.body.name);
      onAttached();
    },
    onError: setFailed,
  });
  const wanted = decision?.checklist ?? [];
  const codes = [...new Set([...wanted.map((i) => i.item), ...attachments.map((a) => a.item)])];
  return (
    <Section n={5} title={t('declareMaterials')}>
      {failed !== null && <ProblemView error={failed} />}
      {codes.length === 0 && <p className="quiet">{t('declareMaterialsNone')}</p>}
      {codes.length > 0 && id === undefined && <p className="quiet">{t('declareSaveFirst')}</p>}
      <ul className="materials">
        {codes.map((code) => {
          const item = wanted.find((i) => i.item === code);
          const files = attachments.filter((a) => a.item === code);
          return (
            <li key={code} className={files.length > 0 ? 'have' : 'lack'}>
              <div className="materials-what">
                <span className="strong">{labels.term('materials', code, decision?.pack)}</span>
                {item && (
                  <span className="quiet">
                    {t('decisionGate')} {pick(GATES[item.gate] ?? { zh: item.gate, en: item.gate })}
                  </span>
                )}
                <Provisions ids={item?.basis} />
                {files.map((f) => (
                  <a key={f.sha256} href={at('declaration', `/v1/projects/${id ?? ''}/attachments/${f.sha256}`)} download={f.name}>
                    {f.name}
                  </a>
                ))}
              </div>
              <Upload
                showUploadList={false}
                disabled={id === undefined || attach.isPending}
                beforeUpload={(file) => {
                  attach.mutate({ item: code, file });
                  return Upload.LIST_IGNORE;
                }}
              >
                <Button size="small" icon={<UploadOutlined />} disabled={id === undefined} loading={attach.isPending && attach.variables.item === code} aria-label={`${t('declareUpload')}：${labels.term('materials', code)}`}>
                  {t('declareUpload')}
                </Button>
              </Upload>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function Live({ asking, decision, error, wait }: { asking: Case | null; decision: Decision | undefined; error: unknown; wait: boolean }) {
  const { t } = useLanguage();
  return (
    <aside className="panel live" aria-label={t('declareLive')} aria-live="polite" aria-busy={wait}>
      <h2>{t('declareLive')}</h2>
      {asking === null && <Nothing title={t('declareLiveEmpty')} />}
      {asking !== null && error !== null && (
        <>
          <p className="quiet">{t('declareLiveWait')}</p>
          <ProblemView error={error} />
        </>
      )}
      {asking !== null && error === null && decision && <DecisionView decision={decision} settled={false} />}
      {asking !== null && error === null && !decision && <Loading />}
    </aside>
  );
}

/** Where in the form a violation of the service belongs. */
function formPath(path: Path): Path | null {
  const [head] = path;
  if (head === 'If-Match' || head === undefined) return null;
  if (head === 'basis') return path.length > 2 ? path : null;
  const inner = head === 'case' ? path.slice(1) : path;
  if (inner[0] === 'budget') return typeof inner[1] === 'number' ? ['case', 'budget', inner[1], inner[2] ?? 'amount_fen'] : null;
  const top = ['title', 'content', 'period_months', 'leader', 'contact', 'key_annual', 'contract_years', 'system_id'];
  if (head !== 'case' && top.includes(String(head))) return path;
  return ['kind', 'amount_fen', 'hardware_fen', 'om', 'renewal_year', 'xc_conformant', 'national_crypto', 'mlps_grade', 'replaces_systems', 'reason', 'superior_approval'].includes(String(inner[0]))
    ? ['case', ...inner]
    : null;
}

const EMPTY: Entry = { basis: [{}], case: { renewal_year: 0, renewal_unchanged: true, budget: [] } };

/** Sends the form as a draft, and the draft to its desk. */
function useSaving(form: FormInstance<Entry>, stored: Answer<Project> | undefined, caseNow: () => Case | null) {
  const client = useQueryClient();
  const refresh = useRefresh();
  const { pick } = useLanguage();
  const [rest, setRest] = useState<Violation[]>([]);
  const attempt = useRef({ said: '', key: '' });
  const save = async (): Promise<Answer<Project>> => {
    const body = draftOf(form.getFieldsValue(true) as Entry, caseNow());
    const said = JSON.stringify(body);
    if (attempt.current.said !== said) attempt.current = { said, key: newKey() };
    const answer = stored
      ? await ask<Project>(at('declaration', `/v1/projects/${stored.body.id}`), { method: 'PUT', body, ifMatch: stored.etag })
      : await ask<Project>(at('declaration', '/v1/projects'), { method: 'POST', body, key: attempt.current.key });
    const known: Answer<Project> = { body: answer.body, etag: answer.etag || `"v${answer.body.version}"` };
    client.setQueryData(['project', answer.body.id], known);
    return known;
  };
  const fail = (e: unknown) => {
    attempt.current = { said: '', key: '' };
    const { fields, rest: others } = place(asProblem(e).violations, formPath);
    form.setFields([...fields.values()].map(({ path, list }) => ({ name: path as never, errors: list.map((v) => spoken(v, pick)) })));
    setRest(others);
    document.getElementById('content')?.scrollTo({ top: 0 });
  };
  const saving = useMutation({ mutationFn: save, onError: fail, onSuccess: () => setRest([]) });
  const submitting = useMutation({
    mutationFn: async () => {
      const saved = await save();
      return (await ask<Project>(at('declaration', `/v1/projects/${saved.body.id}/submit`), { method: 'POST' })).body;
    },
    onError: fail,
    onSuccess: refresh,
  });
  return { saving, submitting, rest };
}

function DeclareForm({ stored }: { stored: Answer<Project> | undefined }) {
  const { t } = useLanguage();
  const say = useSay();
  const { principal, today } = useSigned();
  const go = useNavigate();
  const client = useQueryClient();
  const [form] = Form.useForm<Entry>();
  const entry = (Form.useWatch([], form) as Entry | undefined) ?? {};
  const initial = useMemo(() => (stored ? entryOf(stored.body) : EMPTY), [stored]);
  const attachments = stored?.body.attachments ?? [];
  const materials = [...new Set([...attachments.map((a) => a.item), ...(stored?.body.case.materials ?? [])])];
  const known = { unit: principal.unit, unitKind: principal.unit_kind, today, materials, subordinate: principal.parent_unit !== '' };
  const asking = useSettled(caseOf(entry, known));
  const decision = useDecision(asking);
  const { saving, submitting, rest } = useSaving(form, stored, () => caseOf(form.getFieldsValue(true) as Entry, known));
  const error = saving.error ?? submitting.error;

  const onSave = () =>
    saving.mutate(undefined, {
      onSuccess: (saved) => {
        say.done(t('declareSaved'));
        if (!stored) void go(`/declare/${saved.body.id}`, { replace: true });
      },
    });
  const onSubmit = () => {
    saving.reset();
    form.validateFields().then(
      () =>
        submitting.mutate(undefined, {
          onSuccess: (p) => {
            say.done(t('declareSubmitted'));
            void go(`/projects/${p.id}`);
          },
        }),
      () => form.scrollToField(form.getFieldsError().find((f) => f.errors.length > 0)?.name ?? [], { behavior: 'smooth', block: 'center' }),
    );
  };
  const live = decision.isError ? decision.error : null;
  return (
    <>
      <PageHead title={stored ? t('declareEdit') : t('declare')} lead={t('declareLead')}>
        {stored && (
          <Link to={`/projects/${stored.body.id}`}>
            <Button>{t('dossier')}</Button>
          </Link>
        )}
        <Button loading={saving.isPending} disabled={submitting.isPending} onClick={onSave}>
          {t('declareSave')}
        </Button>
        <Button type="primary" loading={submitting.isPending} disabled={saving.isPending} onClick={onSubmit}>
          {t('declareSubmit')}
        </Button>
      </PageHead>
      {stored?.body.return_reason && stored.body.stage === 'returned' && <Alert type="warning" role="note" showIcon className="gap" title={t('dossierReturned')} description={stored.body.return_reason} />}
      {error !== null && (
        <div className="gap">
          <ProblemView error={error} violations={rest} names={{ basis: t('fBasis'), materials: t('declareMaterials') }} />
        </div>
      )}
      <div className="split declare">
        <Form<Entry> form={form} name="declaration" layout="vertical" initialValues={initial} scrollToFirstError preserve>
          <Basics />
          <Kind entry={entry} />
          <Situation entry={entry} />
          <Budget id={stored?.body.id} entry={entry} decision={decision.data} />
          <Materials
            id={stored?.body.id}
            attachments={attachments}
            decision={decision.data}
            onAttached={() => void client.invalidateQueries({ queryKey: ['project', stored?.body.id] })}
          />
        </Form>
        <Live asking={asking} decision={decision.data} error={live} wait={decision.isFetching} />
      </div>
    </>
  );
}

function InWork({ stored }: { stored: Answer<Project> }) {
  const { t } = useLanguage();
  const { id, stage } = stored.body;
  if (stage === 'draft' || stage === 'returned') return <DeclareForm key={id} stored={stored} />;
  return (
    <div className="panel">
      <Nothing title={t('declareNoDraft')}>
        <Link to={`/projects/${id}`}>
          <Button type="primary">{t('inboxDossier')}</Button>
        </Link>
      </Nothing>
    </div>
  );
}

/** The guided declaration, new or in work. */
export default function Declare() {
  const { id } = useParams();
  const project = useProject(id);
  if (id === undefined) return <DeclareForm stored={undefined} />;
  return <Loaded of={project}>{(stored) => <InWork stored={stored} />}</Loaded>;
}
