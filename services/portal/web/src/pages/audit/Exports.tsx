import { useMutation } from '@tanstack/react-query';
import { Button, Descriptions, Popconfirm, Progress } from 'antd';
import { useState } from 'react';
import { useAuditRefresh, useExport, useExports } from '../../api/audit';
import { at, get } from '../../api/client';
import { useLabels } from '../../api/labels';
import { useSigned } from '../../api/session';
import type { Export } from '../../api/types';
import { useLanguage } from '../../i18n/language';
import { EXPORT_STATES, EXPORT_TONES, size } from '../../terms/audit';
import { minute } from '../../terms/dates';
import { Nothing, PageHead, ProblemView, ToneTag } from '../../ui/Bits';
import { FormDrawer } from '../../ui/FormDrawer';
import type { FormAct } from '../../ui/FormDrawer';
import { DownloadOutlined, PlusOutlined } from '../../ui/icons';
import { RowLink } from '../../ui/LedgerRow';
import { Listing, Narrow } from '../../ui/Listing';
import { useSay } from '../../ui/say';

const PATH = '/v1/exports';
const FORMATS = ['csv', 'xlsx', 'parquet'];

/** How far a bundle has got, as it is looked at again. */
function Standing({ of: listed }: { of: Export }) {
  const { t, pick } = useLanguage();
  const e = useExport(listed).data ?? listed;
  const p = e.progress;
  const notice = (code: string) => (code === 'signing_late' || code === 'cosigning_late' ? t(`auditLate_${code}`) : code);
  return (
    <div>
      <ToneTag tone={EXPORT_TONES[e.state] ?? 'going'}>{pick(EXPORT_STATES[e.state] ?? { zh: e.state, en: e.state })}</ToneTag>
      {p?.expires_at && e.state === 'made' && <div className="quiet small num">{t('exportExpires', { at: minute(p.expires_at) })}</div>}
      {p && (e.state === 'begun' || e.state === 'paused') && (
        <>
          <Progress
            size="small"
            status={e.state === 'begun' ? 'active' : 'normal'}
            percent={p.rows_total === 0 ? 0 : Math.min(100, Math.floor((100 * p.rows_done) / p.rows_total))}
            aria-label={t('exportProgress')}
          />
          <span className="quiet small num">{t('exportRowsDone', { done: p.rows_done, total: p.rows_total })}</span>
        </>
      )}
      {e.why && <div className="bad small">{e.why}</div>}
      {e.contradicts_sha256 && <div className="bad small">{t('exportContradicts')}</div>}
      {(e.notices ?? []).map((n) => (
        <div key={n} className="warn small">
          {t('exportNotice', { notice: notice(n) })}
        </div>
      ))}
    </div>
  );
}

function Acts({ of: e, onError }: { of: Export; onError: (error: unknown) => void }) {
  const { t } = useLanguage();
  const refresh = useAuditRefresh();
  const turn = useMutation({
    mutationFn: (verb: 'pause' | 'resume' | 'cancel') => get<Export>(at('auditexport', `${PATH}/${e.id}/${verb}`), { method: 'POST' }),
    onMutate: () => onError(null),
    onError,
    onSettled: refresh,
  });
  const button = (verb: 'pause' | 'resume', label: string) => (
    <Button size="small" loading={turn.isPending && turn.variables === verb} onClick={() => turn.mutate(verb)}>
      {label}
    </Button>
  );
  return (
    <div className="row-acts">
      {e.state === 'made' && (
        <Button size="small" type="primary" ghost icon={<DownloadOutlined />} href={at('auditexport', `${PATH}/${e.id}/file`)} download>
          {t('exportDownload')}
        </Button>
      )}
      {e.state === 'begun' && button('pause', t('exportPause'))}
      {e.state === 'paused' && button('resume', t('exportResume'))}
      {['cancelled', 'broken_off', 'expired'].includes(e.state) && button('resume', t('exportAgain'))}
      {(e.state === 'begun' || e.state === 'paused') && (
        <Popconfirm title={t('exportCancelSure')} onConfirm={() => turn.mutate('cancel')}>
          <Button size="small" danger loading={turn.isPending && turn.variables === 'cancel'}>
            {t('exportCancel')}
          </Button>
        </Popconfirm>
      )}
    </div>
  );
}

/** What is on record of a bundle: how somebody who holds it knows that it is the one. */
function Record({ of: e }: { of: Export }) {
  const { t } = useLanguage();
  return (
    <Descriptions
      size="small"
      column={{ xs: 1, md: 2 }}
      items={[
        { label: t('exportId'), children: <code>{e.id}</code> },
        { label: t('exportFormats'), children: e.formats.map((f) => f.toUpperCase()).join('、') },
        {
          label: t('exportSpanned'),
          children: (
            <>
              <RowLink seq={e.first_seq} /> … <RowLink seq={e.last_seq} />
            </>
          ),
        },
        { label: t('exportUnder'), children: t('exportUnderRows', { n: e.checkpoint_size }) },
        { label: 'SHA-256', span: 'filled', children: e.sha256 ? <code className="long">{e.sha256}</code> : <span className="quiet">{t('exportNoHash')}</span> },
      ]}
    />
  );
}

/** The bundles that leave the house, each with how far it has got. */
export default function Exports() {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const say = useSay();
  const refresh = useAuditRefresh();
  const [state, setState] = useState('');
  const { principal } = useSigned();
  const auditor = principal.roles.includes('auditor');
  const [act, setAct] = useState<FormAct | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const list = useExports(state);
  const scope = (e: Export) => {
    let what = t('exportWhole');
    if (e.project) what = t('exportOf', { id: e.project });
    else if (e.from ?? e.to) what = t('exportSpan', { from: e.from ?? t('exportOpenFrom'), to: e.to ?? t('exportOpenTo') });
    return e.package === 'archive' ? `${t('exportArchive')} · ${what}` : what;
  };
  const make = () =>
    setAct({
      service: 'auditexport', path: PATH, title: t('exportNew'), lead: t('exportsLead'), initial: { scope: 'project' }, unsent: ['scope'],
      fields: [
        {
          name: 'scope', label: t('exportScope'), kind: 'choice', required: true,
          options: [
            { value: 'project', label: t('exportScopeProject') },
            { value: 'time', label: t('exportScopeTime') },
            { value: 'ledger', label: t('exportWhole') },
          ],
        },
        { name: 'project', label: t('ledgerProject'), kind: 'project', required: true, when: (v) => v['scope'] === 'project' },
        { name: 'from', label: t('ledgerFrom'), kind: 'date', when: (v) => v['scope'] === 'time' },
        { name: 'to', label: t('ledgerTo'), kind: 'date', when: (v) => v['scope'] === 'time' },
        { name: 'formats', label: t('exportFormats'), kind: 'several', hint: t('exportFormatsHint'), options: FORMATS.map((value) => ({ value, label: value.toUpperCase() })) },
      ],
    });
  const archive = () =>
    setAct({
      service: 'auditexport', path: (v) => `/v1/projects/${encodeURIComponent(String(v['project']))}/archive`, title: t('archiveNew'), lead: t('archiveLead'), unsent: ['project'],
      fields: [{ name: 'project', label: t('ledgerProject'), kind: 'project', required: true, stage: 'closed' }],
    });
  return (
    <>
      <PageHead title={t('navExports')} lead={t('exportsLead')}>
        {auditor && (
          <>
            <Button type="primary" icon={<PlusOutlined />} onClick={make}>
              {t('exportNew')}
            </Button>
            <Button onClick={archive}>{t('archiveNew')}</Button>
          </>
        )}
      </PageHead>
      <div className="panel">
        <div className="filters">
          <Narrow label={t('exportState')} value={state} options={Object.entries(EXPORT_STATES).map(([value, x]) => ({ value, label: pick(x) }))} onChange={setState} />
        </div>
        {failed !== null && (
          <div className="gap">
            <ProblemView error={failed} />
          </div>
        )}
        <Listing
          name={t('navExports')}
          of={list}
          width={1000}
          empty={state === '' ? <Nothing title={t('exportsEmpty')} lead={t('exportsEmptyLead')} /> : <Nothing title={t('exportsEmptyFilter')} />}
          open={(e) => <Record of={e} />}
          columns={[
            { title: t('exportScope'), render: (_, e) => scope(e) },
            { title: t('exportState'), width: 260, render: (_, e) => <Standing of={e} /> },
            { title: t('exportRows'), width: 90, align: 'right', render: (_, e) => <span className="num">{e.rows}</span> },
            { title: t('exportSize'), width: 100, align: 'right', render: (_, e) => <span className="num">{e.bytes > 0 ? size(e.bytes) : '—'}</span> },
            { title: t('exportBy'), width: 170, render: (_, e) => e.by.name || `${labels.unit(e.by.unit)} ${e.by.actor}` },
            { title: t('exportAt'), width: 150, render: (_, e) => <span className="num quiet">{minute(e.created_at)}</span> },
            { key: 'act', width: 170, align: 'right', render: (_, e) => auditor && <Acts of={e} onError={setFailed} /> },
          ]}
        />
      </div>
      <FormDrawer
        act={act}
        onClose={() => setAct(null)}
        onDone={() => {
          say.told(t('exportAsked'));
          refresh();
        }}
      />
    </>
  );
}
