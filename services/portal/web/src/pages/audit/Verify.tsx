import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Descriptions, Progress, Table, Tag } from 'antd';
import { useSearchParams } from 'react-router';
import { useStanding, useVerification, verifyLedger } from '../../api/audit';
import { useLabels } from '../../api/labels';
import { useSigned } from '../../api/session';
import type { Standing, Verification, WitnessStanding } from '../../api/types';
import { useLanguage } from '../../i18n/language';
import { findingOf } from '../../terms/audit';
import { minute } from '../../terms/dates';
import { Loading, Nothing, PageHead, ProblemView } from '../../ui/Bits';
import { SafetyCertificateOutlined } from '../../ui/icons';
import { RowLink } from '../../ui/LedgerRow';

/** What a check of the whole ledger found, in words. */
function Found({ verification: v }: { verification: Verification }) {
  const { t, pick } = useLanguage();
  return (
    <section aria-label={t('verifyResult')} className="above">
      {v.ok ? (
        <Alert type="success" showIcon role="status" title={t('verifyGood', { n: v.rows })} description={t('verifyGoodLead')} />
      ) : (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={t('verifyBad')}
          description={
            <>
              <p className="strong">{pick(findingOf(v.error_code ?? ''))}</p>
              {v.first_bad_seq !== undefined && (
                <p>
                  {t('verifyFirstBad')} <RowLink seq={v.first_bad_seq} />
                </p>
              )}
              <p className="quiet">{t('verifyBadLead', { n: v.rows })}</p>
              <p className="quiet small">
                <code>{v.error_code}</code> {v.detail}
              </p>
            </>
          }
        />
      )}
      {v.checkpoint !== '' && (
        <details className="raw">
          <summary>{t('verifyAgainst')}</summary>
          <pre className="note">{v.checkpoint}</pre>
        </details>
      )}
    </section>
  );
}

/** How far a check has come. */
function Running({ verification: v }: { verification: Verification }) {
  const { t } = useLanguage();
  const { rows_done: done, rows_total: total } = v.progress ?? { rows_done: 0, rows_total: 0 };
  return (
    <div className="above" role="status">
      <Progress size="small" status="active" percent={total === 0 ? 0 : Math.min(99, Math.floor((100 * done) / total))} aria-label={t('verifyProgress')} />
      <p className="quiet">{t('verifyRuns', { done, total })}</p>
    </div>
  );
}

function Witnesses({ of: s }: { of: Standing }) {
  const { t } = useLanguage();
  const labels = useLabels();
  return (
    <section className="panel" aria-label={t('witnesses')}>
      <h2>{t('witnesses')}</h2>
      <Table<WitnessStanding>
        rowKey="service"
        size="small"
        pagination={false}
        scroll={{ x: 640 }}
        aria-label={t('witnesses')}
        dataSource={s.witnesses}
        locale={{ emptyText: <Nothing title={t('witnessesNone')} lead={t('witnessesNoneLead')} /> }}
        columns={[
          { title: t('ledgerUnit'), render: (_, w) => labels.unit(w.unit) },
          { title: t('inboxDuty'), width: 140, render: (_, w) => labels.service(w.service) },
          { title: t('witnessSeen'), width: 130, align: 'right', render: (_, w) => <span className="num">{w.rows}</span> },
          { title: t('witnessAt'), width: 160, render: (_, w) => <span className="num quiet">{w.cosigned_at ? minute(w.cosigned_at) : '—'}</span> },
          {
            title: t('flagState'),
            width: 260,
            render: (_, w) => (w.refusal ? <span className="bad">{t('witnessRefused', { detail: w.refusal.detail })}</span> : <Tag color="success">{t('witnessCosigns')}</Tag>),
          },
        ]}
      />
    </section>
  );
}

/**
 * Where the ledger stands, and the check of all of it. A check is named in the
 * page's address: whoever leaves comes back to it.
 */
export default function Verify() {
  const { t } = useLanguage();
  const { principal } = useSigned();
  const client = useQueryClient();
  const [params, setParams] = useSearchParams();
  const standing = useStanding();
  const id = params.get('check') ?? '';
  const check = useVerification(id);
  const begin = useMutation({
    mutationFn: verifyLedger,
    onSuccess: (v) => {
      client.setQueryData(['verification', v.id], v);
      setParams({ check: v.id }, { replace: id === '' });
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['ledger-standing'] }),
  });
  const s = standing.data;
  const v = begin.isPending ? undefined : check.data;
  const runs = begin.isPending || v?.state === 'running';
  return (
    <>
      <PageHead title={t('navVerify')} lead={t('verifyLead')}>
        {principal.roles.includes('auditor') && (
          <Button type="primary" icon={<SafetyCertificateOutlined />} loading={runs} onClick={() => begin.mutate()}>
            {t('verifyAsk')}
          </Button>
        )}
      </PageHead>
      <section className="panel" aria-label={t('verifyStanding')}>
        <h2>{t('verifyStanding')}</h2>
        {standing.isPending && <Loading />}
        {s && (
          <Descriptions
            size="small"
            column={{ xs: 1, md: 2 }}
            items={[
              { label: t('verifyRows'), children: <span className="num">{s.rows}</span> },
              { label: t('verifyCosigned'), children: <span className="num">{s.cosigned_rows}</span> },
              { label: t('verifyRoot'), span: 'filled', children: <code className="long">{s.root}</code> },
              { label: t('verifyChain'), span: 'filled', children: <code className="long">{s.chain}</code> },
              { label: t('verifySM3'), span: 'filled', children: <code className="long">{s.sm3_chain}</code> },
            ]}
          />
        )}
        {v?.state === 'running' && <Running verification={v} />}
        {begin.isError && (
          <div className="above">
            <ProblemView error={begin.error} retry={() => begin.mutate()} />
          </div>
        )}
        {check.isError && !begin.isPending && (
          <div className="above">
            <ProblemView error={check.error} retry={() => void check.refetch()} />
          </div>
        )}
        {v?.state === 'broken_off' && <Alert className="above" type="warning" showIcon role="alert" title={t('verifyBrokenOff')} description={<code>{v.why}</code>} />}
        {v?.state === 'done' && <Found verification={v} />}
      </section>
      {s && <Witnesses of={s} />}
    </>
  );
}
