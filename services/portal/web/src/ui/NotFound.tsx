import { Button } from 'antd';
import { Link } from 'react-router';
import { useLanguage } from '../i18n/language';
import { Nothing } from './Bits';

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
