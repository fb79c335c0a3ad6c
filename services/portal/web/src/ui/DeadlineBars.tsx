import { Tooltip } from 'antd';
import { useLabels } from '../api/labels';
import type { DossierClock } from '../api/types';
import { useLanguage } from '../i18n/language';
import { span, standing } from '../terms/clocks';
import { share } from '../terms/dates';
import { STANDINGS } from '../terms/names';
import { Nothing, Provisions } from './Bits';

const percent = (x: number): string => `${(x * 100).toFixed(2)}%`;

/** The project's statutory clocks as bars on one axis of time. */
export function DeadlineBars({ clocks, today }: { clocks: DossierClock[]; today: string }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  if (clocks.length === 0) return <Nothing title={t('deadlinesEmpty')} />;
  const [from, to] = span(clocks, today);
  const now = today >= from && today <= to ? share(from, to, today) : null;
  return (
    <div className="bars" role="list" aria-label={t('tabDeadlines')}>
      <div className="bars-axis" aria-hidden>
        <span className="num">{from}</span>
        {now !== null && now > 0.1 && now < 0.9 && (
          <span className="bars-now-label" style={{ left: percent(now) }}>
            {t('deadlinesToday')}
          </span>
        )}
        <span className="num">{to}</span>
      </div>
      {clocks.map((c) => {
        const how = standing(c, today);
        const a = share(from, to, c.trigger_on);
        const b = share(from, to, c.due_on);
        const met = c.met_on ? share(from, to, c.met_on) : null;
        const words = [
          t('deadlinesFrom', { day: c.trigger_on }),
          t('deadlinesDue', { day: c.due_on }),
          c.moved_from ? t('deadlinesMoved', { day: c.moved_from }) : '',
          c.paused_since ? t('deadlinesPaused', { day: c.paused_since }) : '',
          c.met_on ? t('deadlinesMet', { day: c.met_on }) : '',
        ].filter((x) => x !== '');
        return (
          <div key={c.id} role="listitem" className={`bar bar-${how}`}>
            <div className="bar-head">
              <span className="bar-name">{labels.clock(c.obligation)}</span>
              <span className="quiet">{labels.unit(c.unit)}</span>
              <Provisions ids={c.basis} />
              <span className={`bar-state state-${how}`}>{pick(STANDINGS[how] ?? { zh: how, en: how })}</span>
            </div>
            <Tooltip title={c.provisional ? t('deadlinesProvisional') : undefined}>
              <div className="bar-track" aria-hidden>
                <div className="bar-fill" style={{ left: percent(a), width: percent(Math.max(b - a, 0.006)) }} />
                {met !== null && met > b && <div className="bar-over" style={{ left: percent(b), width: percent(met - b) }} />}
                {met !== null && <div className="bar-done" style={{ left: percent(met) }} />}
                {now !== null && <div className="bar-now" style={{ left: percent(now) }} />}
              </div>
            </Tooltip>
            <div className="bar-words quiet num">
              {words.join(' · ')}
              {c.provisional && ` · ${t('deadlinesProvisional')}`}
            </div>
          </div>
        );
      })}
    </div>
  );
}
