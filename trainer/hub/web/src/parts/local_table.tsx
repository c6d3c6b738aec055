// A list that comes whole: found by words, sorted by columns, a page at a time, all kept in the address.

import type { ComponentChildren } from "preact";
import { DataTable, type DataTableProps } from "@tillsight/web-shared/data_table.tsx";
import { EmptyState } from "@tillsight/web-shared/empty_state.tsx";
import { place, setQuery } from "../router.ts";
import { t } from "../texts.ts";
import { Pager } from "./pager.tsx";
import { SearchField } from "./search_field.tsx";

const LIMIT = 50;
const MANY = 8; // a shorter list is read faster than it is searched

interface Props<T> extends Omit<DataTableProps<T>, "sort" | "onSort"> {
  /** What a column is sorted by; columns that are not here stay as they are. */
  values: Readonly<Record<string, (row: T) => string | number>>;
  /** The order before anybody chose one. */
  sort: string;
  /** What the search looks through. */
  words: (row: T) => string;
  searchLabel: string;
  /** Further filters, beside the search; `isFiltered` where one of them is set. */
  filters?: ComponentChildren;
  isFiltered?: boolean;
}

export function LocalTable<T>({ values, sort: first, words, searchLabel, filters, isFiltered, rows, columns, ...table }: Props<T>) {
  const { query } = place.value;
  const asked = (query.get("q") ?? "").toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const sort = query.get("sort") ?? first;
  const found = rows.filter((row) => asked.every((word) => words(row).toLocaleLowerCase().includes(word)));
  const offset = Math.min(Number(query.get("offset") ?? 0), Math.floor(Math.max(0, found.length - 1) / LIMIT) * LIMIT);
  const hasTools = rows.length > MANY || asked.length > 0 || filters !== undefined;
  return (
    <>
      {hasTools && (
        <div class="tools">
          <SearchField label={searchLabel} />
          {filters}
        </div>
      )}
      {found.length ? (
        <DataTable
          {...table}
          columns={columns.map((column) => ({ ...column, canSort: column.key in values }))}
          rows={sorted(found, values, sort).slice(offset, offset + LIMIT)}
          sort={sort}
          onSort={(wanted) => setQuery({ sort: wanted, offset: "" })}
        />
      ) : (
        <EmptyState icon="search" title={t("nothing_found")}>
          <p>{asked.length || isFiltered ? t("nothing_found_hint") : ""}</p>
        </EmptyState>
      )}
      <Pager total={found.length} offset={offset} limit={LIMIT} />
    </>
  );
}

function sorted<T>(rows: readonly T[], values: Props<T>["values"], sort: string): readonly T[] {
  const value = values[sort.replace(/^-/, "")];
  if (!value) return rows;
  const turn = sort.startsWith("-") ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (typeof left === "string" && typeof right === "string") return turn * left.localeCompare(right);
    return left < right ? -turn : left > right ? turn : 0;
  });
}
