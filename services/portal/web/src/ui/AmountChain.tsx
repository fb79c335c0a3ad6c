import { BarChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { init, use as register } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import type { Amounts } from '../api/types';
import { useLanguage } from '../i18n/language';
import { chain } from '../terms/amounts';
import type { Link } from '../terms/amounts';
import { wan } from '../terms/money';
import { COLOURS, theme } from '../theme';

register([BarChart, GridComponent, CanvasRenderer]);

function options(links: Link[], name: (l: Link) => string) {
  const first = links.find((l) => l.fen > 0)?.fen ?? 0;
  return {
    animationDuration: 200,
    textStyle: { fontFamily: theme.token?.fontFamily, color: COLOURS.ink },
    grid: { left: 8, right: 8, top: 26, bottom: 24 },
    xAxis: {
      type: 'category' as const,
      data: links.map(name),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: COLOURS.line } },
      axisLabel: { color: COLOURS.quiet, interval: 0, fontSize: 12 },
    },
    yAxis: { type: 'value' as const, show: false, min: 0 },
    series: [
      {
        type: 'bar' as const,
        barMaxWidth: 46,
        data: links.map((l) => ({
          value: l.fen / 1_000_000,
          itemStyle: { color: l.fen > first ? COLOURS.soon : COLOURS.primary, borderRadius: [2, 2, 0, 0] },
          label: { show: l.fen > 0, position: 'top' as const, formatter: wan(l.fen), color: COLOURS.ink, fontSize: 12 },
        })),
      },
    ],
  };
}

/** The chain of amounts, drawn and in figures. */
export function AmountChain({ amounts }: { amounts: Amounts }) {
  const { t, pick } = useLanguage();
  const canvas = useRef<HTMLDivElement>(null);
  const links = chain(amounts);
  useEffect(() => {
    const at = canvas.current;
    if (!at) return;
    const chart = init(at);
    chart.setOption(options(chain(amounts), pick));
    const watch = new ResizeObserver(() => chart.resize());
    watch.observe(at);
    return () => {
      watch.disconnect();
      chart.dispose();
    };
  }, [amounts, pick]);
  return (
    <div className="amounts">
      <div ref={canvas} className="amounts-chart" aria-hidden />
      <div className="scroll-x">
        <table className="figures" aria-label={t('amounts')}>
          <thead>
            <tr>
              <th scope="col">{t('amountsStage')}</th>
              {links.map((l) => (
                <th key={l.key} scope="col">
                  {pick(l)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">{t('wan')}</th>
              {links.map((l) => (
                <td key={l.key} className="num">
                  {l.fen > 0 ? wan(l.fen) : <span className="quiet">{t('amountsNone')}</span>}
                </td>
              ))}
            </tr>
            <tr>
              <th scope="row">{t('amountsChange')}</th>
              {links.map((l) => (
                <td key={l.key} className={`num ${l.change !== null && l.change > 0 ? 'warn' : 'quiet'}`}>
                  {l.change === null || l.change === 0 ? '' : `${l.change > 0 ? '+' : ''}${wan(l.change)}`}
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
      <div className="quiet small">{t('amountsLead')}</div>
    </div>
  );
}
