import { Alert } from 'antd';
import { Outlet } from 'react-router';
import { useStanding } from '../../api/audit';
import { useLabels } from '../../api/labels';
import { useSigned } from '../../api/session';
import type { Standing } from '../../api/types';
import { useLanguage } from '../../i18n/language';
import { ProblemView } from '../../ui/Bits';

function LateBanner({ standing: s }: { standing: Standing }) {
  const { t } = useLanguage();
  const labels = useLabels();
  const words = (code: string) => (code === 'signing_late' || code === 'cosigning_late' ? t(`auditLate_${code}`) : t('auditUnknownLate', { code }));
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      className="late-banner"
      title={t('auditLate')}
      description={
        <>
          <ul className="violations">
            {s.late.map((code) => (
              <li key={code}>
                <b>{words(code)}</b>
              </li>
            ))}
            {s.witnesses
              .filter((w) => w.refusal)
              .map((w) => (
                <li key={w.service}>
                  {labels.unit(w.unit)}：{t('witnessRefused', { detail: w.refusal?.detail ?? '' })}
                </li>
              ))}
          </ul>
          <div>{t('auditLateLead')}</div>
          <div className="num">{t('auditLateAt', { rows: s.rows, cosigned: s.cosigned_rows })}</div>
        </>
      }
    />
  );
}

/** The auditor's room: on every page of it stands what is late about the ledger itself. */
export function Room() {
  const { principal } = useSigned();
  return (
    <>
      {principal.roles.includes('auditor') && <Vouched />}
      <Outlet />
    </>
  );
}

function Vouched() {
  const standing = useStanding();
  if (standing.isError) {
    return (
      <div className="gap">
        <ProblemView error={standing.error} retry={() => void standing.refetch()} />
      </div>
    );
  }
  return standing.data && standing.data.late.length > 0 ? <LateBanner standing={standing.data} /> : null;
}
