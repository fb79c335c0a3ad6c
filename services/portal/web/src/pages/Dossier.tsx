import { Alert, Button, Descriptions, Dropdown, Table, Tabs } from 'antd';
import { useMemo, useState } from 'react';
import { Link, useParams } from 'react-router';
import { actsOn } from '../api/acts';
import { at } from '../api/client';
import { useLabels } from '../api/labels';
import { useDescription, useDossier, useInbox } from '../api/queries';
import { useSigned } from '../api/session';
import type { Attachment, Dossier as Everything, Fact, Project } from '../api/types';
import { useLanguage } from '../i18n/language';
import { OFFERED } from '../terms/acts';
import { day } from '../terms/dates';
import { valueName } from '../terms/fields';
import { fen, wan } from '../terms/money';
import { BASES } from '../terms/names';
import { ActDrawer } from '../ui/ActDrawer';
import type { Matter } from '../ui/ActDrawer';
import { AmountChain } from '../ui/AmountChain';
import { Nothing, PageHead, Provisions, StageTag } from '../ui/Bits';
import { DeadlineBars } from '../ui/DeadlineBars';
import { DecisionView } from '../ui/DecisionView';
import { DownOutlined, DownloadOutlined, EditOutlined } from '../ui/icons';
import { Loaded } from '../ui/Loaded';
import { RoadBar } from '../ui/RoadBar';
import { LatestFacts, Timeline } from '../ui/Timeline';
import { matterOf } from './Inbox';

const LATEST = 6;

function Basics({ project: p }: { project: Project }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const items = [
    { label: t('projectsUnit'), children: labels.unit(p.unit) },
    { label: t('projectsKind'), children: labels.term('kinds', p.case.kind, p.decision?.pack) },
    { label: t('projectsAmount'), children: <span className="num">{wan(p.case.amount_fen ?? 0)}</span> },
    { label: t('fPeriod'), children: t('fMonths', { n: p.period_months }) },
    ...(p.supervisor ? [{ label: t('fSupervisor'), children: labels.unit(p.supervisor) }] : []),
    ...(p.leader ? [{ label: t('fLeader'), children: p.leader }] : []),
    ...(p.contact ? [{ label: t('fContact'), children: p.contact }] : []),
    ...(p.key_annual ? [{ label: t('fKeyAnnual'), children: t('yes') }] : []),
    { label: t('fId'), children: <span className="num">{p.id}</span> },
    {
      label: t('fBasis'),
      span: 'filled' as const,
      children: (p.basis ?? []).map((b, i) => (
        <div key={i}>
          {pick(BASES[b.kind] ?? { zh: b.kind, en: b.kind })}：{b.text}
        </div>
      )),
    },
    { label: t('fContent'), span: 'filled' as const, children: <div className="prose">{p.content}</div> },
  ];
  return <Descriptions size="small" column={{ xs: 1, sm: 2, lg: 3 }} items={items} />;
}

/** What the conference decided, with its reasons and provisions. */
function Conference({ facts }: { facts: Fact[] }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const decided = facts.filter((f) => f.type === 'egov.conference.v1.DecisionTaken');
  return decided.map((f) => {
    const outcome = String(f.data['outcome']);
    const conditions = (f.data['conditions'] as string[] | undefined) ?? [];
    return (
      <section key={f.seq} className="panel conference">
        <h2>{t('decisionConference')}</h2>
        <div className={`conference-outcome outcome-${outcome}`}>{pick(valueName(outcome) ?? { zh: outcome, en: outcome })}</div>
        <div className="num quiet">
          {labels.value('decided_on', f.data['decided_on']) || day(f.at)}
          {fen(f.data['approved_fen']) > 0 && ` · ${labels.field('approved_fen')} ${wan(fen(f.data['approved_fen']))} ${t('wan')}`}
          {f.data['against_majority'] === true && ` · ${t('decisionAgainst')}`}
        </div>
        {typeof f.data['reason'] === 'string' && <p className="prose">{f.data['reason']}</p>}
        {conditions.length > 0 && (
          <>
            <div className="quiet small">{t('decisionConditions')}</div>
            <ul className="bullets">
              {conditions.map((c) => (
                <li key={c}>{c}</li>
              ))}
            </ul>
          </>
        )}
        <Provisions ids={(f.data['basis'] as string[] | undefined) ?? []} />
      </section>
    );
  });
}

function Documents({ project }: { project: Project }) {
  const { t } = useLanguage();
  const labels = useLabels();
  return (
    <Table<Attachment>
      rowKey="key"
      size="small"
      pagination={false}
      dataSource={project.attachments ?? []}
      scroll={{ x: 760 }}
      locale={{ emptyText: <Nothing title={t('documentsEmpty')} /> }}
      columns={[
        { title: t('decisionItem'), width: 200, render: (_, d) => labels.term('materials', d.item, project.decision?.pack) },
        {
          title: t('documentsName'),
          render: (_, d) => (
            <a href={at('declaration', `/v1/projects/${project.id}/attachments/${d.sha256}`)} download={d.name}>
              <DownloadOutlined /> {d.name}
            </a>
          ),
        },
        { title: t('documentsSize'), width: 110, align: 'right', render: (_, d) => <span className="num">{Math.max(1, Math.round(d.size_bytes / 1024)).toLocaleString('en-US')} KB</span> },
        { title: t('documentsHash'), width: 180, render: (_, d) => <code title={d.sha256}>{d.sha256.slice(0, 16)}…</code> },
      ]}
    />
  );
}

function Acts({ project: p }: { project: Project }) {
  const { t, pick } = useLanguage();
  const { principal } = useSigned();
  const inbox = useInbox();
  const description = useDescription('declaration');
  const [matter, setMatter] = useState<Matter | null>(null);
  const own = principal.unit === p.unit && principal.roles.includes('declarer');
  const editable = own && (p.stage === 'draft' || p.stage === 'returned');
  const waiting = (inbox.data?.items ?? []).filter((x) => x.project_id === p.id && !(editable && x.service === 'declaration' && x.action === 'submit'));
  const others = useMemo(
    () =>
      (description.data && own ? actsOn('declaration', description.data, 'project', principal.roles) : []).filter((a) => OFFERED[a.id]?.includes(p.stage)),
    [description.data, own, principal.roles, p.stage],
  );
  const about = (title: string, only: string[]): Matter => ({
    service: 'declaration', collection: 'project', id: p.id, projectID: p.id, projectTitle: p.title, title, action: '', only,
  });
  return (
    <>
      {editable && (
        <Link to={`/declare/${p.id}`}>
          <Button type="primary" icon={<EditOutlined />}>
            {t('dossierEdit')}
          </Button>
        </Link>
      )}
      {waiting.map((x) => (
        <Button key={`${x.service}/${x.id}/${x.action}`} type="primary" onClick={() => setMatter(matterOf(x))} className="act-button" title={x.title}>
          {x.title}
        </Button>
      ))}
      {others.length > 0 && (
        <Dropdown trigger={['click']} menu={{ items: others.map((a) => ({ key: a.id, label: pick(a.title), onClick: () => setMatter(about(pick(a.title), [a.id])) })) }}>
          <Button>
            {t('dossierActs')} <DownOutlined />
          </Button>
        </Dropdown>
      )}
      <ActDrawer matter={matter} onClose={() => setMatter(null)} />
    </>
  );
}

function File({ all }: { all: Everything }) {
  const { t } = useLanguage();
  const { today } = useSigned();
  const inbox = useInbox();
  const labels = useLabels();
  const now = inbox.data?.today ?? today;
  const p = all.project;
  return (
    <>
      <PageHead
        title={
          <>
            {p.title} <StageTag stage={p.stage} />
          </>
        }
        lead={
          <>
            {labels.unit(p.unit)} · {p.decision ? labels.term('routes', p.decision.route, p.decision.pack) : labels.term('kinds', p.case.kind)} · <span className="num">{day(p.created_at)}</span>
          </>
        }
      >
        <Acts project={p} />
      </PageHead>
      {p.stage === 'returned' && p.return_reason && <Alert type="warning" showIcon className="gap" title={t('dossierReturned')} description={p.return_reason} />}
      {p.refusal_reason && <Alert type="error" showIcon className="gap" title={t('dossierRefused')} description={p.refusal_reason} />}
      {p.locked_until && p.locked_until > now && <Alert type="warning" showIcon className="gap" title={t('dossierLocked', { day: p.locked_until })} />}
      <div className="panel">
        <RoadBar project={p} />
      </div>
      <Tabs
        className="dossier-tabs"
        items={[
          {
            key: 'overview',
            label: t('tabOverview'),
            children: (
              <div className="split">
                <div>
                  <section className="panel">
                    <h2>{t('amounts')}</h2>
                    <AmountChain amounts={all.amounts} />
                  </section>
                  <section className="panel">
                    <h2>{t('basics')}</h2>
                    <Basics project={p} />
                  </section>
                </div>
                <div>
                  <Conference facts={all.timeline} />
                  <section className="panel">
                    <h2>{t('latest')}</h2>
                    <LatestFacts facts={all.timeline} count={LATEST} />
                  </section>
                </div>
              </div>
            ),
          },
          { key: 'timeline', label: `${t('tabTimeline')} ${all.timeline.length}`, children: <section className="panel"><Timeline facts={all.timeline} /></section> },
          { key: 'deadlines', label: `${t('tabDeadlines')} ${all.deadlines.length}`, children: <section className="panel"><DeadlineBars clocks={all.deadlines} today={now} /></section> },
          {
            key: 'decision',
            label: t('tabDecision'),
            children: (
              <>
                <Conference facts={all.timeline} />
                <section className="panel">{p.decision ? <DecisionView decision={p.decision} settled /> : <Nothing title={t('decisionNone')} />}</section>
              </>
            ),
          },
          { key: 'documents', label: `${t('tabDocuments')} ${p.attachments?.length ?? 0}`, children: <section className="panel"><Documents project={p} /></section> },
        ]}
      />
    </>
  );
}

/** Everything about one project. */
export default function Dossier() {
  const { id = '' } = useParams();
  return (
    <Loaded of={useDossier(id)} beside={[useInbox(), useDescription('declaration')]}>
      {(all) => <File all={all} />}
    </Loaded>
  );
}
