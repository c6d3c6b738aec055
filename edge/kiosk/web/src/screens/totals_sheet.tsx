// A day in figures, per counter: sales, refunds, voids, price changes, kinds of payment, tax.

import { Button } from "@tillsight/web-shared/button.tsx";
import { Sheet } from "@tillsight/web-shared/sheet.tsx";
import { useEffect, useState } from "preact/hooks";
import { tell } from "../live.ts";
import { dayTotals, openSheet } from "../state.ts";
import { has, language, lessMoney, money, t } from "../texts.ts";
import type { DayTotals } from "../wire_types.ts";

export function TotalsSheet() {
  const [daysAgo, setDaysAgo] = useState(0);
  useEffect(() => {
    dayTotals.value = undefined;
    tell({ type: "ask_totals", days_ago: daysAgo });
  }, [daysAgo]);
  const lanes = dayTotals.value ?? [];
  return (
    <Sheet title={t("totals_title")} closeLabel={t("close")} onClose={() => openSheet({ name: "staff" })} size="large" class="totals-sheet">
      <div class="sheet-row totals-days">
        <Button icon="back" label={t("totals_before")} onPress={() => setDaysAgo(daysAgo + 1)}>
          {t("totals_before")}
        </Button>
        <strong>{lanes[0] && dayOf(lanes[0])}</strong>
        <Button blocked={daysAgo === 0} onPress={() => setDaysAgo(Math.max(0, daysAgo - 1))}>
          {t("totals_after")}
        </Button>
      </div>
      {lanes.map((day) => (
        <LaneDay key={day.lane_id} day={day} />
      ))}
      <Button icon="print" onPress={() => window.print()}>
        {t("totals_print")}
      </Button>
    </Sheet>
  );
}

function LaneDay({ day }: { day: DayTotals }) {
  return (
    <section class="day" data-lane={day.lane_id}>
      <h3>{t("lane", { lane: day.lane_id })}</h3>
      {day.num_sales === 0 && day.num_refunds === 0 ? <p>{t("totals_none")}</p> : <Figures day={day} />}
    </section>
  );
}

function Figures({ day }: { day: DayTotals }) {
  return (
    <div class="day-figures">
      <p class="day-total">
        <span>{t("totals_net")}</span>
        <strong>{money(day.sales_minor - day.refunds_minor, day)}</strong>
      </p>
      <dl>
        <Row name={t("totals_sales")} count={day.num_sales} minor={day.sales_minor} day={day} />
        <Row name={t("totals_refunds")} count={day.num_refunds} minor={-day.refunds_minor} day={day} />
        <Row name={t("totals_voids")} count={day.num_voids} minor={day.voids_minor} day={day} />
        <Row name={t("totals_changes")} count={day.num_changes} minor={-day.changes_minor} day={day} />
        <Row name={t("totals_discounts")} minor={day.discounts_minor} day={day} />
        <Row name={t("deposit")} minor={day.deposits_minor} day={day} />
      </dl>
      <dl>
        {day.payments.map((payment) => (
          <Row
            key={payment.kind}
            name={has(`paid_by_${payment.kind}`) ? t(`paid_by_${payment.kind}`) : payment.kind}
            count={payment.num_sales}
            minor={payment.sales_minor - payment.refunds_minor}
            day={day}
          />
        ))}
      </dl>
      <dl>
        {day.taxes.map((tax) => (
          <Row key={tax.tax_bp} name={t("totals_tax", { rate: tax.tax_bp / 100, amount: money(tax.gross_minor, day) })} minor={tax.tax_minor} day={day} />
        ))}
      </dl>
      <p class="eyebrow">
        {t("totals_more", { items: day.num_items, ages: day.num_age_checks, helps: day.num_help_calls, practices: day.num_practices })}
      </p>
    </div>
  );
}

function Row({ name, count, minor, day }: { name: string; count?: number; minor: number; day: DayTotals }) {
  return (
    <div class="day-row">
      <dt>
        {name}
        {count !== undefined && <small> × {count}</small>}
      </dt>
      <dd>{minor < 0 ? lessMoney(-minor, day) : money(Math.abs(minor), day)}</dd>
    </div>
  );
}

function dayOf(day: DayTotals): string {
  return new Date(`${day.day}T12:00:00`).toLocaleDateString(language.value, { dateStyle: "full", numberingSystem: "latn" });
}
