import { SafetyCertificateOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Descriptions, Table, Tag } from 'antd';
import { useStanding, verifyLedger } from '../../api/audit';
import { useLabels } from '../../api/labels';
import { useSigned } from '../../api/session';
import type { Standing, Verdict, WitnessStanding } from '../../api/types';
import { useLanguage } from '../../i18n/language';
import { findingOf } from '../../terms/audit';
import { minute } from '../../terms/dates';
import { Loading, Nothing, PageHead, ProblemView } from '../../ui/Bits';
import { RowLink } from '../../ui/LedgerRow';

/** What a check of the whole ledger found, in words. */
function Found({ verdict: v }: { verdict: Verdict }) {
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

/** Where the ledger stands, and the check of all of it. */
export default function Verify() {
  const { t } = useLanguage();
  const { principal } = useSigned();
  const client = useQueryClient();
  const standing = useStanding();
  const check = useMutation({
    mutationFn: verifyLedger,
    onSettled: () => client.invalidateQueries({ queryKey: ['ledger-standing'] }),
  });
  const s = standing.data;
  return (
    <>
      <PageHead title={t('navVerify')} lead={t('verifyLead')}>
        {principal.roles.includes('auditor') && (
          <Button type="primary" icon={<SafetyCertificateOutlined />} loading={check.isPending} onClick={() => check.mutate()}>
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
        {check.isPending && (
          <p className="quiet above" role="status">
            {t('verifyRuns')}
          </p>
        )}
        {check.isError && (
          <div className="above">
            <ProblemView error={check.error} retry={() => check.mutate()} />
          </div>
        )}
        {check.data && <Found verdict={check.data} />}
      </section>
      {s && <Witnesses of={s} />}
    </>
  );
}
