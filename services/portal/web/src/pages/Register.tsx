import { DownOutlined, PlusOutlined } from '@ant-design/icons';
import { useQueryClient } from '@tanstack/react-query';
import { Button, Descriptions, Dropdown, Table } from 'antd';
import { useMemo, useState } from 'react';
import { Link, useParams } from 'react-router';
import { actsOf, actsOn } from '../api/acts';
import { asProblem } from '../api/client';
import { useLabels } from '../api/labels';
import { useDescription, useInbox } from '../api/queries';
import { useEntries, useEntry } from '../api/registers';
import type { Entry } from '../api/registers';
import { useSigned } from '../api/session';
import type { ProjectDeadline } from '../api/types';
import { useLanguage } from '../i18n/language';
import { minute } from '../terms/dates';
import { isShown } from '../terms/fields';
import { REGISTERS, says } from '../terms/registers';
import type { Register } from '../terms/registers';
import { ActDrawer } from '../ui/ActDrawer';
import type { Matter } from '../ui/ActDrawer';
import { Due, Loading, Nothing, PageHead, ProblemView, Provisions, ToneTag } from '../ui/Bits';
import { Listing, Narrow } from '../ui/Listing';
import { matterOf } from './Inbox';
import { NotFound } from './NotFound';

function StateTag({ register: r, state }: { register: Register; state: string }) {
  const { pick } = useLanguage();
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
    () => (description.data && r.begins ? actsOf(r.service, description.data, r.collection, principal.roles).find((a) => a.id === r.begins) : undefined),
    [description.data, principal.roles, r],
  );
  return (
    <>
      <PageHead title={pick(r.title)} lead={pick(r.lead)}>
        {begin && (
          <Button
            type="primary"
            icon={<PlusOutlined />}
            onClick={() => setMatter({ service: r.service, collection: r.collection, id: '', projectID: '', projectTitle: '', title: pick(begin.title), action: '', only: [begin.id] })}
          >
            {pick(begin.title)}
          </Button>
        )}
      </PageHead>
      {description.isError && <ProblemView error={description.error} retry={() => void description.refetch()} />}
      <div className="panel">
        <div className="filters">
          <Narrow label={t('flagState')} value={state} options={Object.entries(r.states).map(([value, x]) => ({ value, label: pick(x) }))} onChange={setState} />
        </div>
        <Listing<Entry>
          name={pick(r.title)}
          of={list}
          width={900}
          empty={<Nothing title={state === '' ? pick(r.empty) : t('registerEmptyFilter')} />}
          columns={[
            {
              title: t('inboxMatter'),
              render: (_, x) => (
                <Link to={`/registers/${r.name}/${x.id}`} className="strong">
                  {x.title}
                </Link>
              ),
            },
            { title: t('projectsUnit'), width: 160, render: (_, x) => labels.unit(x.unit) },
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

const isThing = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

/** The fields of a part, one line each; what stands deeper stands in one line. */
function Lines({ of: part, service }: { of: Record<string, unknown>; service: string }) {
  const labels = useLabels();
  const { basis, ...said } = part;
  return (
    <>
      <dl className="fact-data">
        {Object.entries(said)
          // A code stands for the text beside it.
          .filter(([name]) => isShown(name) && !(name === 'code' && 'text' in part))
          .map(([name, v]) => [name, labels.value(name, v)] as const)
          .filter(([, v]) => v !== '')
          .map(([name, v]) => (
            <div key={name}>
              <dt>{labels.field(name, service)}</dt>
              <dd className="prose">{v}</dd>
            </div>
          ))}
      </dl>
      <Provisions ids={Array.isArray(basis) ? (basis as string[]) : []} />
    </>
  );
}

function Clocks({ list }: { list: ProjectDeadline[] }) {
  const { t } = useLanguage();
  const labels = useLabels();
  const { today } = useSigned();
  return (
    <section className="panel" aria-label={t('tabDeadlines')}>
      <h2>{t('tabDeadlines')}</h2>
      <Table<ProjectDeadline>
        rowKey="obligation"
        size="small"
        pagination={false}
        dataSource={list}
        columns={[
          { title: t('inboxMatter'), render: (_, d) => labels.clock(d.obligation) },
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
  const [matter, setMatter] = useState<Matter | null>(null);
  const waiting = (inbox.data?.items ?? []).filter((w) => w.service === r.service && w.collection === r.collection && w.id === x.id);
  const others = useMemo(() => (description.data ? actsOn(r.service, description.data, r.collection, principal.roles) : []), [description.data, principal.roles, r]);
  const shown = Object.entries(x).filter(([name, v]) => says(r, name, v));
  const plain = shown.filter(([, v]) => !isThing(v) && !(Array.isArray(v) && isThing(v[0])));
  const parts = shown.filter(([, v]) => isThing(v) || (Array.isArray(v) && isThing(v[0])));
  return (
    <>
      <PageHead
        title={
          <>
            {x.title} <StateTag register={r} state={x.state} />
          </>
        }
        lead={`${labels.unit(x.unit)} · ${minute(x.updated_at)}`}
      >
        {waiting.map((w) => (
          <Button key={w.action} type="primary" className="act-button" title={w.title} onClick={() => setMatter(matterOf(w))}>
            {w.title}
          </Button>
        ))}
        {/* Not before what waits is known: its buttons would move the open menu away. */}
        {others.length > 0 && !inbox.isPending && (
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
            return { key: name, label: labels.field(name, r.service), children: <div className="prose">{said}</div>, ...(said.length > 40 ? { span: 'filled' as const } : {}) };
          })}
        />
      </section>
      {parts.map(([name, v]) => (
        <section key={name} className="panel" aria-label={labels.field(name, r.service)}>
          <h2>{labels.field(name, r.service)}</h2>
          {(Array.isArray(v) ? (v as Record<string, unknown>[]) : [v as Record<string, unknown>]).map((part, i) => (
            <article key={i} className="exchange">
              <Lines of={part} service={r.service} />
            </article>
          ))}
        </section>
      ))}
      {x.deadlines && x.deadlines.length > 0 && <Clocks list={x.deadlines} />}
      <ActDrawer matter={matter} onClose={() => setMatter(null)} />
    </>
  );
}

function One({ register: r, id }: { register: Register; id: string }) {
  const found = useEntry(r, id);
  if (found.isPending) return <Loading />;
  if (found.isError) return asProblem(found.error).status === 404 ? <NotFound /> : <ProblemView error={found.error} retry={() => void found.refetch()} />;
  return <Whole register={r} entry={found.data} />;
}

/** A list that a service keeps, or one thing of it. */
export default function RegisterPage() {
  const { register = '', id } = useParams();
  const r = REGISTERS[register];
  if (!r) return <NotFound />;
  return id ? <One key={`${r.name}/${id}`} register={r} id={id} /> : <List key={r.name} register={r} />;
}
