import { Alert, Button, DatePicker, Form, Segmented, Table, Tag } from 'antd';
import dayjs from 'dayjs';
import type { Dayjs } from 'dayjs';
import type { ReactNode } from 'react';
import { useMemo } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useProjectChanges, useProjectView } from '../../api/audit';
import { useLabels } from '../../api/labels';
import type { ProjectView, ViewChange, ViewDecision, ViewDeadline, ViewDiff } from '../../api/types';
import { useLanguage } from '../../i18n/language';
import { AMOUNT_NAMES, CLOCK_STATES, placeOf, viewAmountName, viewValueName } from '../../terms/audit';
import { minute } from '../../terms/dates';
import { factName } from '../../terms/facts';
import { valueName } from '../../terms/fields';
import { wan } from '../../terms/money';
import { Nothing, PageHead, Provisions, Wan } from '../../ui/Bits';
import { RowLink } from '../../ui/LedgerRow';
import { Loaded } from '../../ui/Loaded';
import { ProjectPicker } from '../../ui/ProjectPicker';

/** How a view's texts are read: codes become words. */
function useValueText(): (name: string, value: string) => string {
  const { pick } = useLanguage();
  const labels = useLabels();
  return (name, value) => {
    switch (name) {
      case 'stage':
        return labels.stage(value);
      case 'kind':
        return labels.term('kinds', value);
      case 'route':
        return labels.term('routes', value);
      case 'unit':
      case 'agency':
        return labels.unit(value);
      case 'state':
        return pick(CLOCK_STATES[value] ?? { zh: value, en: value });
      default:
        return pick(valueName(value) ?? { zh: value, en: value });
    }
  };
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="panel" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function View({ view: v }: { view: ProjectView }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const text = useValueText();
  const none = { emptyText: <span className="quiet">{t('asOfNone')}</span> };
  const source = { title: t('asOfSource'), width: 90, align: 'right' as const, render: (_: unknown, x: { seq: number }) => <RowLink seq={x.seq} /> };
  return (
    <>
      <p className="quiet gap">
        {t('asOfFacts', { at: minute(v.as_of), n: v.facts, first: v.first_seq, last: v.last_seq })} <Link to={`/audit/ledger?project=${encodeURIComponent(v.project)}`}>{t('navLedger')}</Link>
      </p>
      {v.unreadable > 0 && <Alert type="error" showIcon className="gap" title={t('asOfUnreadable', { n: v.unreadable })} />}
      <div className="halves">
        <Part title={t('asOfValues')}>
          <Table
            size="small"
            rowKey="name"
            pagination={false}
            locale={none}
            dataSource={Object.entries(v.values).map(([name, x]) => ({ name, ...x }))}
            columns={[
              { title: t('asOfName'), width: 170, render: (_, x) => pick(viewValueName(x.name)) },
              { title: t('asOfValue'), render: (_, x) => text(x.name, x.value) },
              source,
            ]}
          />
        </Part>
        <Part title={t('asOfAmounts')}>
          <Table
            size="small"
            rowKey="name"
            pagination={false}
            locale={none}
            dataSource={AMOUNT_NAMES.flatMap((name) => (v.amounts[name] ? [{ name, ...v.amounts[name] }] : []))}
            columns={[
              { title: t('amountsStage'), render: (_, x) => pick(viewAmountName(x.name)) },
              { title: t('wan'), width: 150, align: 'right', render: (_, x) => <Wan fen={x.value} /> },
              source,
            ]}
          />
        </Part>
      </div>
      <Part title={t('asOfDecisions')}>
        <Table<ViewDecision>
          size="small"
          rowKey="seq"
          pagination={false}
          scroll={{ x: 860 }}
          locale={none}
          dataSource={v.decisions}
          columns={[
            { title: t('ledgerWhen'), width: 150, render: (_, d) => <span className="num">{minute(d.at)}</span> },
            { title: t('ledgerWhat'), width: 190, render: (_, d) => d.type },
            { title: t('asOfValue'), render: (_, d) => [text('outcome', d.outcome), d.reason ?? ''].filter((x) => x !== '').join('：') },
            { title: t('ledgerWho'), width: 220, render: (_, d) => `${labels.unit(d.unit)} ${d.actor}` },
            { title: t('basis'), width: 170, render: (_, d) => <Provisions ids={d.basis} /> },
            source,
          ]}
        />
      </Part>
      <Part title={t('asOfDeadlines')}>
        <Table<ViewDeadline>
          size="small"
          rowKey="id"
          pagination={false}
          scroll={{ x: 760 }}
          locale={none}
          dataSource={v.deadlines}
          columns={[
            { title: t('inboxMatter'), render: (_, d) => labels.clock(d.obligation) },
            { title: t('ledgerUnit'), width: 180, render: (_, d) => labels.unit(d.unit) },
            { title: t('caseDue'), width: 120, render: (_, d) => <span className="num">{d.due_on}</span> },
            { title: t('flagState'), width: 110, render: (_, d) => <Tag color={d.state === 'missed' || d.state === 'fulfilled_late' ? 'error' : 'default'}>{text('state', d.state)}</Tag> },
            { title: t('basis'), width: 170, render: (_, d) => <Provisions ids={d.basis} /> },
            source,
          ]}
        />
      </Part>
      <div className="halves">
        <Part title={t('asOfParties')}>
          <ul className="bullets">
            {v.units.map((p) => (
              <li key={p.name}>
                {labels.unit(p.name)} <span className="quiet">{t('asOfFactsOf', { n: p.facts })}</span> <RowLink seq={p.first_seq} /> … <RowLink seq={p.last_seq} />
              </li>
            ))}
            {v.people.map((p) => (
              <li key={p.name}>
                {p.name} <span className="quiet">{t('asOfFactsOf', { n: p.facts })}</span> <RowLink seq={p.first_seq} /> … <RowLink seq={p.last_seq} />
              </li>
            ))}
          </ul>
        </Part>
        <Part title={t('asOfPapers')}>
          {v.attachments.length === 0 && <p className="quiet">{t('asOfNone')}</p>}
          <ul className="bullets">
            {v.attachments.map((a) => (
              <li key={`${a.sha256}/${a.name}`}>
                {a.name} <code title={a.sha256}>{a.sha256.slice(0, 12)}…</code> <span className="quiet">{pick(factName(a.type))}</span> <RowLink seq={a.seq} />
              </li>
            ))}
          </ul>
        </Part>
      </div>
    </>
  );
}

function Changes({ asked }: { asked: { project: string; from: string; to: string } }) {
  const { t } = useLanguage();
  return (
    <Loaded of={useProjectChanges(asked)} part names={{ from: t('changesFrom'), to: t('changesTo'), id: t('ledgerProject') }}>
      {(d) => <Differences of={d} />}
    </Loaded>
  );
}

function Differences({ of: d }: { of: ViewDiff }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const text = useValueText();
  const what = (c: ViewChange) => {
    const p = placeOf(c.path);
    switch (p.group) {
      case 'amount':
        return `${t('amounts')} · ${pick(viewAmountName(p.name))}`;
      case 'deadline':
        return `${t('asOfDeadlines')} · ${p.id} · ${labels.field(p.name)}`;
      case 'value':
        return pick(viewValueName(p.name));
      case 'unit':
        return `${t('ledgerUnit')} · ${labels.unit(p.name)}`;
      case 'person':
        return `${t('ledgerActor')} · ${p.name}`;
      default:
        return p.name;
    }
  };
  const side = (c: ViewChange, value: string) => {
    if (value === '') return <span className="quiet">—</span>;
    const p = placeOf(c.path);
    if (p.group === 'unit' || p.group === 'person') return t('changesActs');
    return p.group === 'amount' ? <span className="num">{`${wan(Number(value))} ${t('wan')}`}</span> : text(p.name, value);
  };
  return (
    <div className="panel">
      <p className="quiet gap">{t('changesSaid', { from: minute(d.from), to: minute(d.to), n: d.facts, c: d.changes.length })}</p>
      <Table<ViewChange>
        rowKey="path"
        size="small"
        pagination={false}
        scroll={{ x: 800 }}
        aria-label={t('asOfChanges')}
        locale={{ emptyText: <Nothing title={t('changesNone')} /> }}
        dataSource={d.changes}
        columns={[
          { title: t('changesWhat'), render: (_, c) => what(c) },
          { title: t('changesBefore'), render: (_, c) => side(c, c.before) },
          { title: t('asOfSource'), width: 80, align: 'right', render: (_, c) => <RowLink seq={c.before_seq} /> },
          { title: t('changesAfter'), render: (_, c) => side(c, c.after) },
          { title: t('asOfSource'), width: 80, align: 'right', render: (_, c) => <RowLink seq={c.after_seq} /> },
        ]}
      />
    </div>
  );
}

function Shown({ asked }: { asked: { project: string; date: string } }) {
  const { t } = useLanguage();
  return (
    <Loaded of={useProjectView(asked)} part names={{ date: t('asOfDate'), id: t('ledgerProject') }}>
      {(view) => <View view={view} />}
    </Loaded>
  );
}

interface Entered {
  project?: string;
  date?: Dayjs | null;
  days?: [Dayjs | null, Dayjs | null] | null;
}

/** A project as the ledger's facts had it on a day, and what changed between two. */
export default function AsOf() {
  const { t } = useLanguage();
  const [params, setParams] = useSearchParams();
  const [form] = Form.useForm<Entered>();
  const mode = params.get('mode') === 'changes' ? 'changes' : 'view';
  const project = params.get('project') ?? '';
  const [date, from, to] = [params.get('date') ?? '', params.get('from') ?? '', params.get('to') ?? ''];
  const view = useMemo(() => ({ project, date }), [project, date]);
  const span = useMemo(() => ({ project, from, to }), [project, from, to]);
  const day = (s: string) => (s === '' ? null : dayjs(s));
  const show = (e: Entered) => {
    const p = new URLSearchParams({ mode, project: e.project?.trim() ?? '' });
    const set = (name: string, d: Dayjs | null | undefined) => {
      if (d) p.set(name, d.format('YYYY-MM-DD'));
    };
    if (mode === 'view') set('date', e.date);
    else {
      set('from', e.days?.[0]);
      set('to', e.days?.[1]);
    }
    setParams(p);
  };
  return (
    <>
      <PageHead title={t('navAsOf')} lead={t('asOfLead')} />
      <Form<Entered>
        form={form}
        name="as-of"
        layout="vertical"
        className="panel"
        initialValues={{ project: project === '' ? undefined : project, date: day(date), days: from === '' ? undefined : [day(from), day(to)] }}
        onFinish={show}
      >
        <div className="filters">
          <Segmented
            value={mode}
            onChange={(m) => setParams(project === '' ? { mode: m } : { mode: m, project })}
            options={[
              { value: 'view', label: t('asOfView') },
              { value: 'changes', label: t('asOfChanges') },
            ]}
          />
        </div>
        <div className="grid">
          <Form.Item name="project" label={t('ledgerProject')} rules={[{ required: true, message: t('asOfProjectNeeded') }]}>
            <ProjectPicker />
          </Form.Item>
          {mode === 'view' ? (
            <Form.Item name="date" label={t('asOfDate')} extra={t('asOfNow')}>
              <DatePicker className="wide" />
            </Form.Item>
          ) : (
            <Form.Item
              name="days"
              label={t('ledgerDays')}
              rules={[{ validator: (_, v: Entered['days']) => (v?.[0] ? Promise.resolve() : Promise.reject(new Error(t('changesFromNeeded')))) }]}
            >
              <DatePicker.RangePicker allowEmpty={[false, true]} className="wide" />
            </Form.Item>
          )}
        </div>
        <Button type="primary" htmlType="submit">
          {t('asOfShow')}
        </Button>
      </Form>
      {project === '' || (mode === 'changes' && from === '') ? (
        <div className="panel">
          <Nothing title={t('asOfBegin')} lead={t('asOfBeginLead')} />
        </div>
      ) : mode === 'view' ? (
        <Shown asked={view} />
      ) : (
        <Changes asked={span} />
      )}
    </>
  );
}
