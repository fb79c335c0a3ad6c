import { Alert, Button, Descriptions, Table } from 'antd';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { useAuditRefresh, useFlag } from '../../api/audit';
import { useLabels } from '../../api/labels';
import type { AuditCase, Evidence, Flag as RedFlag } from '../../api/types';
import { useLanguage } from '../../i18n/language';
import { DETECTORS, figureOf, shownBy } from '../../terms/audit';
import { minute } from '../../terms/dates';
import { factName } from '../../terms/facts';
import { wan } from '../../terms/money';
import { PageHead, Provisions, Wan } from '../../ui/Bits';
import { FormDrawer } from '../../ui/FormDrawer';
import type { FormAct } from '../../ui/FormDrawer';
import { RowLink } from '../../ui/LedgerRow';
import { Loaded } from '../../ui/Loaded';
import { ProjectLink } from '../../ui/ProjectLink';
import { SeverityTag } from './Flags';

function Rule({ flag: f }: { flag: RedFlag }) {
  const { t, pick } = useLanguage();
  return (
    <section className="panel" aria-label={t('flagRule')}>
      <h2>{t('flagRule')}</h2>
      <p className="gap">{pick(f.rule.why)}</p>
      <Descriptions
        size="small"
        column={{ xs: 1, md: 2 }}
        items={[
          { label: t('basis'), children: <Provisions ids={f.rule.basis} /> },
          { label: t('flagPack'), children: `${f.rule.pack} ${f.rule.pack_version}` },
          { label: t('flagDetector'), children: pick(DETECTORS[f.rule.detector] ?? { zh: f.rule.detector, en: f.rule.detector }) },
          { label: t('flagCondition'), children: f.rule.condition === 'true' ? t('flagAlways') : <code className="long">{f.rule.condition}</code> },
          ...f.rule.figures.map((x) => {
            const figure = figureOf(x);
            return { label: pick(figure.name), children: <span className="num">{pick(figure.value)}</span> };
          }),
        ]}
      />
    </section>
  );
}

function Whole({ flag: f }: { flag: RedFlag }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const go = useNavigate();
  const refresh = useAuditRefresh();
  const [act, setAct] = useState<FormAct | null>(null);
  const title = pick({ zh: f.title, en: f.title_en });
  const open = () =>
    setAct({
      service: 'auditexport', path: '/v1/audit-cases', title: t('caseOpen'), lead: t('caseOpenLead'), fixed: { flags: [f.id] },
      initial: { title: `${labels.unit(f.audited_unit)}：${f.title}`, reason: f.explanation.zh, serious: f.severity === 'high' },
      fields: [
        { name: 'title', label: t('caseTitle'), kind: 'text', required: true },
        { name: 'reason', label: t('caseReason'), kind: 'long', required: true },
        { name: 'serious', label: t('caseSerious'), kind: 'check', hint: t('caseSeriousHint') },
      ],
    });
  return (
    <>
      <PageHead
        title={
          <>
            {title} <SeverityTag severity={f.severity} />
          </>
        }
        lead={`${labels.unit(f.audited_unit)} · ${minute(f.raised_at)}`}
      >
        {f.state === 'raised' && (
          <Button type="primary" onClick={open}>
            {t('caseOpen')}
          </Button>
        )}
      </PageHead>
      {f.withdrawn && (
        <Alert
          className="gap"
          type="info"
          showIcon
          title={f.withdrawn.after_seq > 0 ? t('flagWithdrawnBy', { at: minute(f.withdrawn.at), seq: f.withdrawn.after_seq }) : t('flagWithdrawnRules', { at: minute(f.withdrawn.at) })}
          description={pick(f.withdrawn.reason)}
        />
      )}
      <section className="panel" aria-label={t('flagExplanation')}>
        <h2>{t('flagExplanation')}</h2>
        <p className="prose gap">{pick(f.explanation)}</p>
        <Descriptions
          size="small"
          column={{ xs: 1, md: 2 }}
          items={[
            {
              label: t('flagAmount'),
              children: (
                <span>
                  <Wan fen={f.amount_fen} /> {f.limit_fen > 0 && <span className="quiet">{t('flagLimit', { n: wan(f.limit_fen) })}</span>}
                </span>
              ),
            },
            { label: t('flagRevisions'), children: t('flagTimes', { times: f.times, n: f.revisions }) },
            {
              label: t('flagProjects'),
              children: (
                <div>
                  {f.projects.map((p) => (
                    <div key={p}>
                      <ProjectLink id={p} /> · <Link to={`/audit/as-of?project=${encodeURIComponent(p)}`}>{t('navAsOf')}</Link>
                    </div>
                  ))}
                </div>
              ),
            },
            {
              label: t('flagCases'),
              children:
                f.cases.length === 0 ? (
                  <span className="quiet">—</span>
                ) : (
                  <div>
                    {f.cases.map((c) => (
                      <div key={c}>
                        <Link to={`/audit/cases/${c}`}>{c}</Link>
                      </div>
                    ))}
                  </div>
                ),
            },
          ]}
        />
      </section>
      <Rule flag={f} />
      <section className="panel" aria-label={t('flagEvidence')}>
        <h2>{t('flagEvidence')}</h2>
        <Table<Evidence>
          rowKey="seq"
          size="small"
          pagination={false}
          scroll={{ x: 900 }}
          dataSource={f.evidence}
          columns={[
            { title: t('ledgerSeq'), width: 90, render: (_, e) => <RowLink seq={e.seq} /> },
            { title: t('ledgerWhat'), width: 180, render: (_, e) => pick(factName(e.type)) },
            { title: t('flagShows'), render: (_, e) => pick(shownBy(e, labels.clock)) },
            { title: t('flagDay'), width: 110, render: (_, e) => <span className="num">{e.day ?? '—'}</span> },
            { title: t('flagAmount'), width: 130, align: 'right', render: (_, e) => <Wan fen={e.amount_fen} /> },
            { title: t('ledgerWho'), width: 200, render: (_, e) => `${labels.unit(e.unit)} ${e.actor}` },
          ]}
        />
      </section>
      <FormDrawer
        act={act}
        onClose={() => setAct(null)}
        onDone={(answer) => {
          refresh();
          void go(`/audit/cases/${(answer as AuditCase).id}`);
        }}
      />
    </>
  );
}

/** One red flag with all it rests on. */
export default function Flag() {
  const { id = '' } = useParams();
  return <Loaded of={useFlag(id)}>{(f) => <Whole flag={f} />}</Loaded>;
}
