import { Button, Select, Table } from 'antd';
import type { TableColumnsType } from 'antd';
import type { ReactNode } from 'react';
import { rowsOf } from '../api/pages';
import type { Pages } from '../api/pages';
import { useLanguage } from '../i18n/language';
import { ProblemView } from './Bits';

/** The way to the next page of a list, where there is one. */
export function More({ of: list }: { of: Pick<Pages<unknown>, 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'> }) {
  const { t } = useLanguage();
  if (!list.hasNextPage) return null;
  return (
    <div className="more">
      <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
        {t('more')}
      </Button>
    </div>
  );
}

interface Props<T> {
  /** What a reader, and a screen reader, calls the list. */
  name: string;
  of: Pages<T>;
  /** The rows to show, where they are not all that were read. */
  rows?: T[];
  columns: TableColumnsType<T>;
  /** Pixels below which the list scrolls sideways. */
  width: number;
  /** What stands where there is no row. */
  empty: ReactNode;
  /** What a row shows when it is opened. */
  open?: (row: T) => ReactNode;
  /** What a row is known by, where it has no id. */
  keyOf?: (row: T) => string;
  /** Rows that can be chosen, by their keys. */
  choose?: { chosen: string[]; may: (row: T) => boolean; onChange: (rows: T[]) => void };
}

/** A list that is read page by page: its rows, why there are none, and what went wrong. */
export function Listing<T extends object>({ name, of: list, rows, columns, width, empty, open, choose, keyOf }: Props<T>) {
  return (
    <>
      {list.isError ? (
        <ProblemView error={list.error} retry={() => void list.refetch()} />
      ) : (
        <Table<T>
          rowKey={keyOf ?? 'id'}
          dataSource={rows ?? rowsOf(list.data)}
          loading={list.isPending || list.isPlaceholderData}
          pagination={false}
          scroll={{ x: width }}
          aria-label={name}
          locale={{ emptyText: empty }}
          columns={columns}
          {...(open ? { expandable: { expandedRowRender: open } } : {})}
          {...(choose ? { rowSelection: { hideSelectAll: true, preserveSelectedRowKeys: true, selectedRowKeys: choose.chosen, onChange: (_: unknown, of: T[]) => choose.onChange(of), getCheckboxProps: (x: T) => ({ disabled: !choose.may(x) }) } } : {})}
        />
      )}
      <More of={list} />
    </>
  );
}

export interface Choice {
  value: string;
  label: string;
}

/** Narrows a list by one of some values, or by none. */
export function Narrow({ label, value, options, onChange, wide }: { label: string; value: string; options: Choice[]; onChange: (v: string) => void; wide?: boolean }) {
  const { t } = useLanguage();
  return (
    <Select
      aria-label={label}
      value={value}
      showSearch={{ optionFilterProp: 'label' }}
      className={wide ? 'filter-wide' : 'filter'}
      onChange={onChange}
      options={[{ value: '', label: `${label}：${t('all')}` }, ...options]}
    />
  );
}
