import { useQueryClient } from '@tanstack/react-query';
import { Button, Descriptions, Dropdown, Table } from 'antd';
import { useMemo, useState } from 'react';
import { Link, useParams } from 'react-router';
import { actsOf, actsOn } from '../api/acts';
import { useLabels } from '../api/labels';
import { useDescription, useInbox } from '../api/queries';
import { useEntries, useEntry } from '../api/registers';
import type { Entry } from '../api/registers';
import { useSigned } from '../api/session';
import type { ProjectDeadline } from '../api/types';
import { useLanguage } from '../i18n/language';
import { minute } from '../terms/dates';
import { STANDINGS } from '../terms/names';
import { idOf, isThing, REGISTERS, says } from '../terms/registers';
import type { Register } from '../terms/registers';
import { ActDrawer } from '../ui/ActDrawer';
import type { Matter } from '../ui/ActDrawer';
import { Due, Loading, Nothing, PageHead, ProblemView, Provisions, Statement, ToneTag } from '../ui/Bits';
import { DownOutlined, PlusOutlined } from '../ui/icons';
import { Listing, Narrow } from '../ui/Listing';
import { Loaded } from '../ui/Loaded';
import { NotFound } from '../ui/NotFound';
import { matterOf } from './Inbox';

// The rows of a part that stand on one page of it.
const ROWS = 20;

/** What one is called, in its register. */
function useName(r: Register): (x: Entry) => string {
  const labels = useLabels();
  const field = r.called ?? 'title';
  // What has no name of its own is called by its project, or else by its number.
  return (x) => labels.value(field, x[field]) || (isThing(x['project']) && labels.value('title', x['project']['title'])) || idOf(r, x);
}

function StateTag({ register: r, state }: { register: Register; state: string }) {
  const { pick } = useLanguage();
  if (Object.keys(r.states).length === 0) return null;
  return <ToneTag tone={r.tones[state] ?? 'going'}>{pick(r.states[state] ?? { zh: state, en: state })}</ToneTag>;
}

function List({ register: r }: { register: Register }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const client = useQueryClient();
  const { principal } = useSigned();
  const description = useDescription(r.service);
  const [state, setState] = useState('');
  const [matter, setMatter] = useState<Matter | null>(null);
  const list = useEntries(r, { state });
  // Who may begin one is what the service says of its operation.
  const begin = useMemo(
    () => (description.data && r.begins ? actsOf(r.service, description.data, r.collection, principal.roles).filter((a) => r.begins?.includes(a.id)) : []),
    [description.data, principal.roles, r],
  );
  const nameOf = useName(r);
  // A button that comes later would push the list down on a narrow page.
  if (r.begins && description.isPending) return <Loading />;
  return (
    <>
      <PageHead title={pick(r.title)} lead={pick(r.lead)}>
        {r.beginsAt && principal.roles.includes('declarer') && (
          <Link to={r.beginsAt}>
            <Button type="primary" icon={<PlusOutlined />}>
              {t('sharingAsk')}
            </Button>
          </Link>
        )}
        {begin.map((a) => (
          <Button
            key={a.id}
            type="primary"
            icon={<PlusOutlined />}
            onClick={() => setMatter({ service: r.service, collection: r.collection, id: '', projectID: '', projectTitle: '', title: pick(a.title), action: '', only: [a.id] })}
          >
            {pick(a.title)}
          </Button>
        ))}
      </PageHead>
      {description.isError && <ProblemView error={description.error} retry={() => void description.refetch()} />}
      <div className="panel">
        {!r.alike && Object.keys(r.states).length > 0 && (
          <div className="filters">
            <Narrow label={t('flagState')} value={state} options={Object.entries(r.states).map(([value, x]) => ({ value, label: pick(x) }))} onChange={setState} />
          </div>
        )}
        <Listing<Entry>
          name={pick(r.title)}
          of={list}
          keyOf={(x) => idOf(r, x)}
          width={900}
          empty={<Nothing title={state === '' ? pick(r.empty) : t('registerEmptyFilter')} />}
          columns={[
            {
              title: t('inboxMatter'),
              render: (_, x) => (
                <Link to={`/registers/${r.name}/${encodeURIComponent(idOf(r, x))}`} className="strong">
                  {nameOf(x)}
                </Link>
              ),
            },
            ...(r.kept || r.called === 'unit' ? [] : [{ title: t('projectsUnit'), width: 160, render: (_: unknown, x: Entry) => labels.unit(x.unit) }]),
            ...r.columns.map(([name, width]) => ({ title: labels.field(name, r.service), width, render: (_: unknown, x: Entry) => labels.value(name, x[name]) || <span className="quiet">—</span> })),
            { title: t('flagState'), width: 110, render: (_, x) => <StateTag register={r} state={x.state} /> },
            { title: t('caseUpdated'), width: 150, render: (_, x) => <span className="num quiet">{minute(x.updated_at)}</span> },
          ]}
        />
      </div>
      <ActDrawer matter={matter} onClose={() => setMatter(null)} onDone={() => void client.invalidateQueries({ queryKey: [`register-${r.name}`] })} />
    </>
  );
}

/** Parts that are alike, a row each. */
function Rows({ of: parts, columns, service, name }: { of: Record<string, unknown>[]; columns: string[]; service: string; name: string }) {
  const labels = useLabels();
  const said = columns.filter((c) => parts.some((x) => labels.value(c, x[c]) !== ''));
  return (
    <Table<Record<string, unknown>>
      rowKey={(x) => parts.indexOf(x)}
      size="small"
      aria-label={name}
      dataSource={parts}
      pagination={parts.length > ROWS ? { pageSize: ROWS, showSizeChanger: false } : false}
      scroll={{ x: 130 * said.length }}
      columns={said.map((c) => ({ key: c, title: labels.field(c, service), render: (_, x) => labels.value(c, x[c]) || <span className="quiet">—</span> }))}
    />
  );
}

/** One part of a thing, or a list of them. */
function Part({ register: r, name, value: v }: { register: Register; name: string; value: unknown }) {
  const labels = useLabels();
  const title = labels.field(name, r.service);
  const list = (Array.isArray(v) ? v : [v]) as Record<string, unknown>[];
  const columns = r.tables?.[name];
  return (
    <section className="panel" aria-label={title}>
      <h2>{title}</h2>
      {columns ? (
        <Rows of={list} columns={columns} service={r.service} name={title} />
      ) : (
        list.map((part, i) => (
          <article key={i} className="exchange">
            <Statement of={part} service={r.service} />
          </article>
        ))
      )}
    </section>
  );
}

function Clocks({ list }: { list: ProjectDeadline[] }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const { today } = useSigned();
  return (
    <section className="panel" aria-label={t('tabDeadlines')}>
      <h2>{t('tabDeadlines')}</h2>
      <Table<ProjectDeadline>
        rowKey={(d) => list.indexOf(d)}
        size="small"
        aria-label={t('tabDeadlines')}
        pagination={false}
        dataSource={list}
        columns={[
          { title: t('inboxMatter'), render: (_, d) => labels.clock(d.obligation) },
          { title: t('flagState'), width: 110, render: (_, d) => pick(STANDINGS[d.state] ?? { zh: d.state, en: d.state }) },
          { title: t('inboxDue'), width: 220, render: (_, d) => (d.state === 'open' || d.state === 'late' ? <Due on={d.due_on} today={today} /> : <span className="num">{d.due_on}</span>) },
        ]}
      />
    </section>
  );
}

function Whole({ register: r, entry: x }: { register: Register; entry: Entry }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const { principal } = useSigned();
  const inbox = useInbox();
  const description = useDescription(r.service);
  const nameOf = useName(r);
  const [matter, setMatter] = useState<Matter | null>(null);
  const waiting = (inbox.data?.items ?? []).filter((w) => w.service === r.service && w.collection === r.collection && w.id === x.id);
  const others = useMemo(() => {
    const all = description.data ? actsOn(r.service, description.data, r.collection, principal.roles) : [];
    const sensible = r.offers?.(x, principal.unit);
    return sensible ? all.filter((a) => sensible.includes(a.id)) : all;
  }, [description.data, principal, r, x]);
  const project = isThing(x['project']) && typeof x['project']['title'] === 'string' ? { id: String(x['project_id']), title: x['project']['title'] } : null;
  const shown = Object.entries(x).filter(([name, v]) => says(r, name, v));
  const plain = shown.filter(([, v]) => !isThing(v) && !(Array.isArray(v) && isThing(v[0])));
  const parts = shown.filter(([, v]) => isThing(v) || (Array.isArray(v) && isThing(v[0])));
  return (
    <>
      <PageHead
        title={
          <>
            {nameOf(x)} <StateTag register={r} state={x.state} />
          </>
        }
        lead={
          <>
            {labels.unit(x.unit)}
            {x.updated_at && (
              <>
                {' · '}
                <span className="num">{minute(x.updated_at)}</span>
              </>
            )}
            {project && (
              <>
                {' · '}
                <Link to={`/projects/${project.id}`}>{project.title}</Link>
              </>
            )}
          </>
        }
      >
        {waiting.map((w) => (
          <Button key={w.action} type="primary" className="act-button" title={w.title} onClick={() => setMatter(matterOf(w))}>
            {w.title}
          </Button>
        ))}
        {others.length > 0 && (
          <Dropdown
            trigger={['click']}
            menu={{
              items: others.map((a) => ({
                key: a.id, label: pick(a.title),
                onClick: () => setMatter({ service: r.service, collection: r.collection, id: x.id, projectID: '', projectTitle: '', title: pick(a.title), action: '', only: [a.id] }),
              })),
            }}
          >
            <Button>
              {t('dossierActs')} <DownOutlined />
            </Button>
          </Dropdown>
        )}
      </PageHead>
      <section className="panel" aria-label={t('basics')}>
        <h2>{t('basics')}</h2>
        <Descriptions
          size="small"
          column={{ xs: 1, md: 2 }}
          items={plain.map(([name, v]) => {
            const said = labels.value(name, v);
            if (name === 'basis') return { key: name, label: labels.field(name, r.service), children: <Provisions ids={v as string[]} /> };
            return { key: name, label: labels.field(name, r.service), children: <div className="prose">{said}</div>, ...(said.length > 40 ? { span: 'filled' as const } : {}) };
          })}
        />
      </section>
      {parts.map(([name, v]) => (
        <Part key={name} register={r} name={name} value={v} />
      ))}
      {x.deadlines && x.deadlines.length > 0 && <Clocks list={x.deadlines} />}
      <ActDrawer matter={matter} onClose={() => setMatter(null)} />
    </>
  );
}

function One({ register: r, id }: { register: Register; id: string }) {
  return (
    <Loaded of={useEntry(r, id)} beside={[useInbox(), useDescription(r.service)]}>
      {(x) => <Whole register={r} entry={x} />}
    </Loaded>
  );
}

/** A list that a service keeps, or one thing of it. */
export default function RegisterPage() {
  const { register = '', id } = useParams();
  const r = REGISTERS[register];
  if (!r) return <NotFound />;
  return id ? <One key={`${r.name}/${id}`} register={r} id={id} /> : <List key={r.name} register={r} />;
}
