import { Button } from 'antd';
import { Link } from 'react-router';
import { useLanguage } from '../i18n/language';
import { Nothing } from './Bits';

/** A page that failed: that it did, and how to go on. */
export function Broken() {
  const { t } = useLanguage();
  return (
    <main className="content">
      <div className="panel" role="alert">
        <Nothing title={t('broken')} lead={t('brokenLead')}>
          <Button type="primary" onClick={() => window.location.reload()}>
            {t('retry')}
          </Button>
        </Nothing>
      </div>
    </main>
  );
}

/** An address that leads nowhere. */
export function NotFound() {
  const { t } = useLanguage();
  return (
    <div className="panel">
      <Nothing title={t('notFound')} lead={t('notFoundLead')}>
        <Link to="/">
          <Button type="primary">{t('toInbox')}</Button>
        </Link>
      </Nothing>
    </div>
  );
}
