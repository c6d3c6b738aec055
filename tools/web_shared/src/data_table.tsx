// A list of things in columns. On a phone each row becomes a card with the column's name beside it.

import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";

export interface Column<T> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: T) => ComponentChildren;
  readonly isNumber?: boolean;
  readonly canSort?: boolean;
  readonly isMain?: boolean;
}

export interface DataTableProps<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  href?: (row: T) => string;
  /** Column key, with a leading minus for falling order. */
  sort?: string;
  onSort?: (sort: string) => void;
}

export function DataTable<T>({ label, columns, rows, rowKey, href, sort = "", onSort }: DataTableProps<T>) {
  return (
    <div class="table-frame" role="region" aria-label={label} tabIndex={0}>
      <table class={`table ${href ? "table-linked" : ""}`}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td
                  key={column.key}
                  data-title={column.isMain ? undefined : column.title}
                  class={`${column.isNumber ? "number" : ""} ${column.isMain ? "main-cell" : ""}`}
                >
                  {column.isMain && href ? (
                    <a class="row-link" href={href(row)}>
                      {column.cell(row)}
                    </a>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps<T> {
  column: Column<T>;
  sort: string;
  onSort: ((sort: string) => void) | undefined;
}

function Head<T>({ column, sort, onSort }: HeadProps<T>) {
  const isRising = sort === column.key;
  const isFalling = sort === `-${column.key}`;
  const order = isRising ? "ascending" : isFalling ? "descending" : undefined;
  return (
    <th scope="col" class={column.isNumber ? "number" : ""} aria-sort={order}>
      {column.canSort && onSort ? (
        <button type="button" class="sort" onClick={() => onSort(isRising ? `-${column.key}` : column.key)}>
          {column.title}
          {order && <Icon name={isRising ? "arrow_up" : "arrow_down"} size="1em" />}
        </button>
      ) : (
        column.title
      )}
    </th>
  );
}
