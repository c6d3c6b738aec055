// Everything people and boxes changed, newest first.

import { Select } from "@tillsight/web-shared/choice.tsx";
import { AuditList } from "../parts/audit_list.tsx";
import { Page } from "../parts/page.tsx";
import { SearchField } from "../parts/search_field.tsx";
import { place, setQuery } from "../router.ts";
import { codesOf, t } from "../texts.ts";

export function AuditPage() {
  const { query } = place.value;
  return (
    <Page title={t("nav_audit")} note={t("audit_note")}>
      <div class="tools">
        <SearchField name="subject" label={t("audit_subject")} />
        <SearchField name="actor" label={t("audit_actor")} />
        <Select
          label={t("audit_action")}
          value={query.get("action") ?? ""}
          options={[{ value: "", label: t("all") }, ...codesOf("action").map((value) => ({ value, label: t(`action_${value}`) }))]}
          onChoose={(action) => setQuery({ action })}
        />
      </div>
      <AuditList action={query.get("action") ?? ""} subject={query.get("subject") ?? ""} actor={query.get("actor") ?? ""} />
    </Page>
  );
}
