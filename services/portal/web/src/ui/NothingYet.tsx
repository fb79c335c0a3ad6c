import { Button } from 'antd';
import { Link } from 'react-router';
import { useLanguage } from '../i18n/language';
import { Nothing } from './Bits';

/** An empty place that fills as projects are declared: whoever declares can begin. */
export function NothingYet({ title, lead, declares }: { title: string; lead: string; declares: boolean }) {
  const { t } = useLanguage();
  return (
    <Nothing title={title} lead={lead}>
      {declares && (
        <Link to="/declare">
          <Button type="primary">{t('declareNew')}</Button>
        </Link>
      )}
    </Nothing>
  );
}
